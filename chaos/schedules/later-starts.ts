/** How a key is started that had a run before; a schedule has at most one of them, as its shape. */
export const LATER_STARTS = [
  /** With a branch that it does not have yet. */
  'branch-added',
  /** The same without the client, so that the run is told nothing of the one before. */
  'branch-added-raw',
  /** With a branch that it does not have yet, after its file was replaced. */
  'content-changed',
  'again',
  /** Again, after its file was replaced. */
  'again-changed',
  /** After the run before failed in a branch. */
  'retried',
] as const;
export type LaterStart = (typeof LATER_STARTS)[number];

export const isLaterStart = (shape: string | undefined): shape is LaterStart =>
  (LATER_STARTS as readonly (string | undefined)[]).includes(shape);

export const replacesFile = (shape: string | undefined): boolean =>
  shape === 'replaced-file' || shape === 'content-changed' || shape === 'again-changed';
