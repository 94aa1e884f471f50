/** Bundled instead of the product's `overdue`: after so long a batch looks what became of groups that it has not heard of. */
export const OVERDUE_MS = 8000;
