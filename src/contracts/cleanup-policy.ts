/** Cleanup of the objects of a lifecycle: keep them, delete those that nothing refers to, or delete all by force. */
export const CLEANUP_POLICIES = ['keep', 'delete', 'force-delete'] as const;
export type CleanupPolicy = (typeof CLEANUP_POLICIES)[number];
