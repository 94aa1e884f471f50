import type { BranchKind } from './schedules/branches';
import type { Before } from './checks/evidence';
import type { Places } from './somebody';

export const FIRST_NAME = 'somebody';
export const SECOND_NAME = 'somebody else';
/** Of an index that is not there. */
export const UNKNOWN_ID = 'f'.repeat(24);

/** What the input says of a branch of that kind. */
export function branchInput(kind: BranchKind, { collectionId, indexId }: Places, { entityId }: Before) {
  switch (kind) {
    case 'embed':
      return { type: 'embed', model: 'marengo3.0' } as const;
    case 'embed-newer':
      return { type: 'embed', model: 'marengo3.5' } as const;
    case 'entity':
      return { type: 'entity', collectionId, name: FIRST_NAME } as const;
    case 'entity-second':
      return { type: 'entity', collectionId, name: SECOND_NAME } as const;
    case 'entity-existing':
      return { type: 'entity', collectionId, entityId: entityId ?? '' } as const;
    case 'index':
      return { type: 'index', indexId } as const;
    case 'index-unknown':
      return { type: 'index', indexId: UNKNOWN_ID } as const;
  }
}

/** As the status of a run lists it: `isOf` tells the kinds apart by their input. */
export function isOf(kind: BranchKind, { type, input }: { type: string; input?: object }): boolean {
  if (kind.split('-')[0] !== type) return false;
  if (!input) return true; // one branch alone is listed without its input
  const field = (name: string): unknown => (Object.entries(input).find(([one]) => one === name) ?? [])[1];
  switch (kind) {
    case 'embed':
      return field('model') === 'marengo3.0';
    case 'embed-newer':
      return field('model') === 'marengo3.5';
    case 'entity':
      return field('name') === FIRST_NAME;
    case 'entity-second':
      return field('name') === SECOND_NAME;
    case 'entity-existing':
      return field('entityId') !== undefined;
    case 'index':
      return field('indexId') !== UNKNOWN_ID;
    case 'index-unknown':
      return field('indexId') === UNKNOWN_ID;
  }
}
