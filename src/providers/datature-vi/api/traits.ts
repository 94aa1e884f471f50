import type { DeclaredTraits } from '../../provider-declaration';

/** Source: `POST …/assetIngestionSessions` (5,000 files a session in the official SDK). */
export const TRAITS = { itemsPerSubmission: 5000, handlesPerWatch: 5000, uniqueNames: true } satisfies DeclaredTraits;
