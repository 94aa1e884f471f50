/** Something at the provider that is being worked on, and can be waited for. Plain data: it stands in the history. */
export interface Handle {
  /** `asset`, or a kind that only the provider's adapter knows. Handles of one kind are asked for together. */
  kind: string;
  id: string;
  /** Id of what it is in, where it is in something. */
  in?: string;
  /** Names it in messages, at the start of a sentence: `Asset a1`. */
  words: string;
}

export const assetHandle = (assetId: string): Handle => ({ kind: 'asset', id: assetId, words: `Asset ${assetId}` });
