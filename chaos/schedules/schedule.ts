import type { CleanupPolicy } from '../../src/contracts/cleanup-policy';
import { makesEntities, type BranchKind } from './branches';
import type { Situations } from './situations';
import type { Strike } from './strikes';

/** `parts`: a file that goes up in parts. */
export type SourceKind = 'file' | 'parts' | 'url' | 'asset';

/** One lifecycle and everything that happens to it. */
export interface Schedule extends Situations {
  source: SourceKind;
  /** None, one, or a list that is taken side by side. */
  branches: BranchKind[];
  onCancel: CleanupPolicy;
  onFailure: CleanupPolicy;
  strikes: Strike[];
  /** The run that the key had before; the shape says how it is started after that. */
  earlier?: EarlierRun;
}

/** The run that the key had before. */
export interface EarlierRun {
  branches: BranchKind[];
  strikes: Strike[];
  /** A sweep comes between the two runs. */
  sweep: boolean;
}

/** True if a branch of either run makes or joins entities, which are made of images. */
export const isOfImage = ({ branches, earlier, shape }: Schedule): boolean =>
  shape === 'in-others-entity' || makesEntities([...branches, ...(earlier?.branches ?? [])]);
