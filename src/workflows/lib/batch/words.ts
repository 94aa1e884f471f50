import type { ItemFailure } from '../../../contracts/batch/groups';
import type { BatchCounts } from '../../../contracts/batch/item-outcome';

/** Counts and the newest failures, as Markdown. */
export function wordsOfCounts({ counts, failures }: { counts: BatchCounts; failures: readonly ItemFailure[] }): string {
  const lines = Object.entries(counts.by).map(([where, items]) => `- ${where}: ${items}`);
  const failed = failures.map(({ key, error }) => `- \`${key.replaceAll('`', "'")}\`: ${error.type}: ${error.message}`);
  return [`${counts.items} items`, ...lines, ...(failed.length > 0 ? ['', 'Newest failures:', ...failed] : [])].join(
    '\n',
  );
}
