/** The results of a group are named by its run and a number, of which each item has so many. */
const RESULTS_OF_ITEM = 1000;

/** Number of an item's result among those of its group. @param nth which of the item's own, from 0 */
export const numberOfResult = (item: number, nth: number): number => item * RESULTS_OF_ITEM + nth;

/** The item whose result a name is; a name without a number is the first. */
export function itemOfResult(name: string): number {
  const number = /^.{36}-(\d+)$/.exec(name.slice(name.lastIndexOf('/') + 1))?.[1];
  return number === undefined ? 0 : Math.floor((Number(number) - 1) / RESULTS_OF_ITEM);
}
