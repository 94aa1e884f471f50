/** Most assets of one kind that a sweep's report lists; its counts are complete. In its own file because workflows load
 * no schemas. */
export const MOST_LISTED = 500;
