import type { DeclaredTraits } from '../provider-declaration';

/** Source: `POST /assets` (one file a call), `GET /assets` (`asset_ids`, `page_limit`: 50 at most). */
export const TRAITS = { itemsPerSubmission: 1, handlesPerWatch: 50, uniqueNames: false } satisfies DeclaredTraits;
