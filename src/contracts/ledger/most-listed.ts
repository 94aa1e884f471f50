/** Most assets that a sweep's report names of a kind; its counts are whole. Apart, since workflows load no schemas. */
export const MOST_LISTED = 500;
