import type { DeclaredTraits, PaceLimit } from '../../provider-declaration';

/** Source: `POST …/assetIngestionSessions` (5,000 files a session in the official SDK). */
export const TRAITS = {
  itemsPerSubmission: 5000,
  handlesPerWatch: 5000,
  uniqueNames: true,
  marksAssets: false,
} satisfies DeclaredTraits;

/** The upload is opened; its one part has a URL and a report; and the upload is completed. */
export const REQUESTS_IN_PARTS = 4;

/** Source of the default: the official SDK's comment on its own limit. */
export const paceLimits = ({ sessions = 5, setBy }: { sessions?: number; setBy?: string } = {}): PaceLimit[] => [
  { of: 'submissions', most: sessions, windowSec: 300, words: `${sessions} sessions in 5 minutes`, setBy },
];
