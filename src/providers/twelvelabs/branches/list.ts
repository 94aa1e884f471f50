import { embed } from './embed';
import { entity } from './entity';
import { indexEntry } from './index-entry';

/** The branches of this provider, in the order in which help texts name them. */
export const BRANCHES = [embed, entity, indexEntry] as const;
