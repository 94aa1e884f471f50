import type { Store } from '../../store/store';

/** Source: the quota of the documentation, for images; that videos take as many is chosen here. */
export const ROWS_OF_ASSET = 5;

export function rowsUsed(store: Store): number {
  let rows = 0;
  for (const { annotations } of store.assets.values()) rows += ROWS_OF_ASSET + annotations.total;
  return rows;
}
