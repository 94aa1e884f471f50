/** What to do with what a lifecycle made: leave it, delete it unless something refers to it, or delete it by force. */
export const CLEANUP_POLICIES = ['keep', 'delete', 'force-delete'] as const;
export type CleanupPolicy = (typeof CLEANUP_POLICIES)[number];
