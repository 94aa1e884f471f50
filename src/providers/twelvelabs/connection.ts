import type { Branch } from '../../contracts/branches/branch';
import type { Assets } from '../assets';
import type { BranchDeclaration } from '../branch-kind';
import type { TwelveLabsClient } from './api/client';

/** Access to an account for its branches: requests and assets. */
export interface TwelveLabsConnection {
  client: TwelveLabsClient;
  assets: Pick<Assets, 'get'>;
}

/** How the states of what a branch makes are read: singly, or as a list of those that are still being worked on. */
export interface WatchedKind {
  /** Of the handles. */
  kind: string;
  /** Template of the list's path; `{id}` stands for the parent. */
  listRoute: string;
  /** States of the list's filter that mean work. */
  working: readonly string[];
}

/** A branch at this provider. */
export interface TwelveLabsBranch<B extends Branch = Branch> extends BranchDeclaration<B, TwelveLabsConnection> {
  readonly watched: WatchedKind;
}
