import type { z } from 'zod';
import type { Handle } from '../contracts/branches/handle';
import type { Branch, BranchPlan } from '../contracts/branches/branch';
import type { BranchResource, LedgerTag, ReadTag } from '../contracts/resource';
import type { MediaItem } from '../media/media-facts';
import type { CallOptions, Outcome } from './outcome';

/** A flag of `start` that sets one field of a branch or of a provider's input. */
export interface InputFlag {
  /** In commander's syntax: `--model <name>`, `--scopes <list>`, `--video-stream`. */
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
  /** Arguments of `start` that the help text shows as an example. */
  readonly example: string;
  /** What the branch may make at the provider. Pure: the workflow records the plan before the call that makes it. */
  plan(branch: B): BranchPlan;
  /** A sentence, naming the field, why a file of that name cannot have this branch; `undefined` if the name allows it. */
  refusal?(branch: B, filename: string): string | undefined;
  /**
   * Sentences, naming field, measured and allowed value, why that content cannot have this branch by the provider's
   * published limits. Pure; `undefined` if it can, or if too little is known of it.
   */
  mediaRefusal?(branch: B, media: MediaItem): string | undefined;
  /** Whether the answer to its start may hold the records, so that nothing is waited for or read. Pure; for plans. */
  mayAnswerAtOnce?(branch: B, item: { filename: string; kind?: MediaItem['kind'] }): boolean;
  connect(connection: Connection): BranchOperations<B>;
}

/** An asset to start the branch with. */
export interface BranchItem<B extends Branch = Branch> {
  branch: B;
  assetId: string;
  /** MIME type. */
  fileType?: string;
  filename?: string;
  /** Name for the object; {@link BranchPlan.makes} with its default filled in. */
  name?: string;
  tag: LedgerTag;
}

/** Result of a start: an object to wait for, or the records at once. */
export interface BranchStart {
  /** Handle to wait for, if the object is not ready yet. */
  handle?: Handle;
  /** Id for people and receipts; absent if nothing was made. */
  id?: string;
  /** True if the object was there before this start. */
  adopted?: boolean;
  /** Run id in the object's own tag, where `find` has read it. */
  madeBy?: string;
  /** The records, if the answer holds them; {@link words} then names the request, to begin a sentence. */
  records?: AsyncIterable<ResultRecord>;
  words?: string;
}

/** One line of a result, as the provider gives it. */
export interface ResultRecord {
  embedding: readonly number[];
  [field: string]: unknown;
}

/** An object that carries a tag. */
export interface TaggedObject {
  id: string;
  /** Run id in the tag. */
  madeBy?: string;
}

/** Outcome of removing one object. */
export interface BranchRemoval {
  result: 'deleted' | 'kept';
  because: string;
  /** Objects that use it, so that it was `kept`. */
  referrers?: string[];
}

export interface RemoveOptions extends CallOptions {
  /** Removes the object even if others use it. */
  force: boolean;
  /** Known ids of the lifecycle's own assets. */
  own: ReadonlySet<string>;
}

/**
 * Calls of a branch at the provider. Like the whole port they make single attempts. A branch that leaves nothing behind
 * has no `find`, `madeFrom`, `tagged` or `remove`; a branch without records has no `records`.
 */
export interface BranchOperations<B extends Branch = Branch> {
  /**
   * How a repeat of `start` must be guarded. `free`: just repeat it, a second object does no harm. `create`: first look
   * with `find`, and wait until a late effect can no longer come. `join`: a repeat is harmless, but cleanup must know
   * whether the object was there before, so the write is recorded at Temporal before it goes out.
   */
  effect(branch: B): 'free' | 'create' | 'join';
  /** Starts the branch for each item; outcomes in their order. Does not look for earlier starts. */
  start(items: readonly BranchItem<B>[], options?: CallOptions): Promise<Outcome<BranchStart>[]>;
  /** Finds objects that exist for this asset: the lifecycle's own first, then those of others (`adopted`). */
  find?(item: BranchItem<B>, options?: CallOptions): Promise<BranchStart[]>;
  /** Finds every object that the lifecycle of the tag made from the asset, oldest first; none if the asset is gone. */
  madeFrom?(asset: { assetId: string; tag: ReadTag }, options?: CallOptions): Promise<BranchResource[]>;
  /** The objects that carry the resource's tag, in whichever run of the key: oldest first. */
  tagged?(resource: BranchResource & { tag: LedgerTag }, options?: CallOptions): Promise<TaggedObject[]>;
  /** Streams the records of a ready object with flat memory. */
  records?(handle: Handle, options?: CallOptions): AsyncIterable<ResultRecord>;
  /**
   * Removes one object of the lifecycle, unless others use it.
   * @throws ResourceGone (the caller counts it as deleted) · failures that do not concern this object
   */
  remove?(resource: BranchResource & { id: string }, options: RemoveOptions): Promise<BranchRemoval>;
  /**
   * True if a sweep can find the object only through its asset. If the object is then left over, its asset is kept too.
   * False if the provider refuses to delete an asset with such an object.
   */
  foundByAsset?(resource: BranchResource): boolean;
}

/** A branch of an opened account. */
export interface BranchKind<B extends Branch = Branch> extends BranchOperations<B> {
  readonly type: B['type'];
}

/** Connects the branches of an opened account, by their type. */
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
