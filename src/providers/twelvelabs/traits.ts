import type { DeclaredTraits, PaceLimit } from '../provider-declaration';

/** Source: `POST /assets` (one file a call), `GET /assets` (`asset_ids`, `page_limit`: 50 at most). */
export const TRAITS = {
  itemsPerSubmission: 1,
  handlesPerWatch: 50,
  uniqueNames: false,
  marksAssets: true,
} satisfies DeclaredTraits;

/** A report of parts, a look at the session, and one at its asset; the first URLs come with the session. */
export const REQUESTS_IN_PARTS = 3;

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Of the plan Free and of Developer tier 1. Source: the page "Rate limits". */
export const PACE_LIMITS: readonly PaceLimit[] = [
  { of: 'items', most: 60, windowSec: MINUTE, words: '60 uploads a minute' },
  { of: 'items', most: 3000, windowSec: DAY, words: '3,000 uploads a day' },
  {
    ...{ of: 'items', branch: 'embed', kinds: ['video', 'audio'] },
    ...{ most: 25, windowSec: MINUTE, words: '25 embeddings of video or audio a minute' },
  },
  {
    ...{ of: 'items', branch: 'embed', kinds: ['image'] },
    ...{ most: 600, windowSec: MINUTE, words: '600 embeddings of images a minute' },
  },
  { of: 'items', branch: 'embed', most: 3000, windowSec: DAY, words: '3,000 embeddings a day' },
  { of: 'items', branch: 'index', most: 60, windowSec: MINUTE, words: '60 indexed assets a minute' },
  { of: 'items', branch: 'index', most: 3000, windowSec: DAY, words: '3,000 indexed assets a day' },
  ...['embed', 'index'].flatMap((branch): PaceLimit[] => [
    { of: 'mediaSeconds', branch, most: 10 * HOUR, windowSec: HOUR, words: `600 media minutes of ${branch} an hour` },
    { of: 'mediaSeconds', branch, most: 50 * HOUR, windowSec: DAY, words: `3,000 media minutes of ${branch} a day` },
  ]),
];
