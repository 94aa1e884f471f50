import fc from 'fast-check';

/** Branches that a schedule draws. The scene says with which input each is taken. */
export const BRANCH_KINDS = [
  'embed',
  /** The same by a second model. */
  'embed-newer',
  'entity',
  /** Another entity in the same collection. */
  'entity-second',
  'entity-existing',
  /** Takes films only, so that it fails beside an entity. */
  'index',
  /** An index that the provider does not know: it always fails. */
  'index-unknown',
] as const;
export type BranchKind = (typeof BRANCH_KINDS)[number];

const SINGLE: readonly (readonly BranchKind[])[] = [[], ['embed'], ['entity'], ['entity-existing'], ['index']];
const LISTS: readonly (readonly BranchKind[])[] = [
  ['embed', 'index'],
  ['embed', 'entity'],
  ['index', 'entity'],
  ['index-unknown', 'embed'],
  ['embed', 'embed-newer'],
  ['entity', 'entity-second'],
  ['entity-existing', 'embed-newer'],
];

export const branchLists: fc.Arbitrary<BranchKind[]> = fc
  .oneof({ arbitrary: fc.constantFrom(...SINGLE), weight: 3 }, { arbitrary: fc.constantFrom(...LISTS), weight: 2 })
  .map((kinds) => [...kinds]);

export const makesEntities = (kinds: readonly BranchKind[]): boolean => kinds.some((kind) => kind.startsWith('entity'));

/** Whether such a branch of an image or of a film fails whatever happens. */
export const alwaysFails = (kind: BranchKind, { ofImage }: { ofImage: boolean }): boolean =>
  kind === 'index-unknown' || (kind === 'index' && ofImage);
