import type { z } from 'zod';
import type { Handle } from '../contracts/branches/handle';
import type { Branch, BranchPlan } from '../contracts/branches/branch';
import type { BranchResource, LedgerTag, ReadTag } from '../contracts/resource';
import type { CallOptions, Outcome } from './outcome';

/** A flag of `start` that sets one field of a branch or of a provider's input. */
export interface InputFlag {
  /** As commander takes it: `--model <name>`, `--scopes <list>`, `--video-stream`. */
  flag: string;
  /** Field that it sets. */
  field: string;
  help: string;
  /** The value is a list, with commas between. */
  list?: true;
}

/**
 * One downstream step that a provider offers. A new branch is one such object in one file, and a line in the provider's
 * list. This part needs no connection, so that clients and the CLI can load it.
 * @param B what {@link schema} gives.
 */
export interface BranchDeclaration<B extends Branch = Branch, Connection = never> {
  readonly type: B['type'];
  /** Strict object with the literal `type`; checks the input's `branch` and fills in its defaults. */
  readonly schema: z.ZodType<B>;
  readonly flags: readonly InputFlag[];
  /** Arguments of `start` that show it in the help text. */
  readonly example: string;
  /** What the branch may make at the provider. Pure; it is registered before the call that makes it. */
  plan(branch: B): BranchPlan;
  /** Why a file of that name can have no such branch, where the name tells; a sentence that names the field. */
  refusal?(branch: B, filename: string): string | undefined;
  connect(connection: Connection): BranchOperations<B>;
}

/** An asset to branch from, with what tells its kind. */
export interface BranchItem<B extends Branch = Branch> {
  branch: B;
  assetId: string;
  /** MIME type. */
  fileType?: string;
  filename?: string;
  /** As {@link BranchPlan.makes} says, filled in. */
  name?: string;
  tag: LedgerTag;
}

/** What a start gave: an object to wait for, or the records at once. */
export interface BranchStart {
  /** Wait until it is ready. */
  handle?: Handle;
  /** Id for people and receipts; none where nothing was made. */
  id?: string;
  /** Somebody else had made it before. */
  adopted?: boolean;
  /** The answer itself; {@link words} then names what was asked for, at the start of a sentence. */
  records?: AsyncIterable<ResultRecord>;
  words?: string;
}

/** One line of a result: an embedding segment as the provider gives it. */
export interface ResultRecord {
  embedding: readonly number[];
  [field: string]: unknown;
}

/** What became of one object that was to be removed. */
export interface BranchRemoval {
  result: 'deleted' | 'kept';
  because: string;
  /** `kept` because these use it. */
  referrers?: string[];
}

export interface RemoveOptions extends CallOptions {
  /** Removes also what others use. */
  force: boolean;
  /** Ids of the lifecycle's own assets, as far as they are known. */
  own: ReadonlySet<string>;
}

/**
 * What a branch does at the provider. Single attempts, as everything of the port. A branch that leaves nothing behind
 * has no `find`, `madeFrom`, `tagged` or `remove`; one without records has no `records`.
 */
export interface BranchOperations<B extends Branch = Branch> {
  /**
   * How a repeat of `start` must be guarded. `free`: nothing that matters is made, it is simply repeated. `create`: look
   * with `find` first, and wait until a late answer can no longer come. `join`: repeating is harmless, but whether it was
   * there before must be known, so the write is recorded at the server before it goes out.
   */
  effect(branch: B): 'free' | 'create' | 'join';
  /** Starts it for each item; outcomes in their order. Never looks for earlier ones. */
  start(items: readonly BranchItem<B>[], options?: CallOptions): Promise<Outcome<BranchStart>[]>;
  /** What an earlier start has left for this asset, and what others have (`adopted`); own ones come first. */
  find?(item: BranchItem<B>, options?: CallOptions): Promise<BranchStart[]>;
  /** Every object of this branch that the lifecycle of the tag made of the asset, oldest first; none of one that is gone. */
  madeFrom?(asset: { assetId: string; tag: ReadTag }, options?: CallOptions): Promise<BranchResource[]>;
  /** Ids of the objects like `resource` that carry its tag, oldest first; for one whose id is not known. */
  tagged?(resource: BranchResource & { tag: LedgerTag }, options?: CallOptions): Promise<string[]>;
  /** The records of a ready object, streamed with flat memory. */
  records?(handle: Handle, options?: CallOptions): AsyncIterable<ResultRecord>;
  /**
   * Removes one object of the lifecycle, unless others use it. A failure that is not about this object is thrown.
   * @throws ResourceGone, which counts as deleted
   */
  remove?(resource: BranchResource & { id: string }, options: RemoveOptions): Promise<BranchRemoval>;
  /**
   * True if a sweep finds such an object only by way of its asset: the asset then stays when the object is left over.
   * False where the provider's reference protects the asset by itself.
   */
  foundByAsset?(resource: BranchResource): boolean;
}

/** A branch of an opened account. */
export interface BranchKind<B extends Branch = Branch> extends BranchOperations<B> {
  readonly type: B['type'];
}

/** The branches of an account that was opened, by their type. */
export function connectBranches<Connection>(
  declarations: readonly BranchDeclaration<Branch, Connection>[],
  connection: Connection,
): Record<string, BranchKind> {
  const kinds: Record<string, BranchKind> = {};
  for (const declaration of declarations) {
    kinds[declaration.type] = { type: declaration.type, ...declaration.connect(connection) };
  }
  return kinds;
}
