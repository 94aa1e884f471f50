/** Names an object that the provider is processing, to wait for it. Plain data, kept in the history. */
export interface Handle {
  /** `asset`, or a kind that only the adapter knows. Handles of the same kind share requests. */
  kind: string;
  id: string;
  /** Id of its parent, or of its place, if it has one. */
  in?: string;
  /** Which of the things that the object makes is meant, if it makes several: a filename. */
  item?: string;
  /** What the item was made from, as the adapter compares it. */
  content?: string;
  /** Names it in messages, at the start of a sentence: `Asset a1`. */
  words: string;
}

/** @param place of the asset, at a provider with places. */
export const assetHandle = (assetId: string, place?: string): Handle => ({
  kind: 'asset',
  id: assetId,
  ...(place !== undefined && { in: place }),
  words: `Asset ${assetId}`,
});
