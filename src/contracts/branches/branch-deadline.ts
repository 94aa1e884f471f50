/** Deadline of a branch whose input names none. In a file of its own because workflows load no schemas. */
export const DEFAULT_BRANCH_DEADLINE = '6h';

/** Deadline of a branch of that type: one for all types, or one for each. */
export const branchDeadline = (
  { deadlines: { branch } }: { deadlines: { branch: string | Readonly<Record<string, string>> } },
  type: string,
): string => (typeof branch === 'string' ? branch : (branch[type] ?? DEFAULT_BRANCH_DEADLINE));
