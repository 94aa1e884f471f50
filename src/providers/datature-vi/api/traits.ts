import type { DeclaredTraits, PaceLimit } from '../../provider-declaration';

/** Source: `POST …/assetIngestionSessions` (5,000 files a session in the official SDK). */
export const TRAITS = {
  itemsPerSubmission: 5000,
  handlesPerWatch: 5000,
  uniqueNames: true,
  marksAssets: false,
} satisfies DeclaredTraits;

/** Source: the official SDK's comment on its own limit. */
export const PACE_LIMITS: readonly PaceLimit[] = [
  { of: 'submissions', most: 5, windowSec: 300, words: '5 sessions in 5 minutes' },
];
