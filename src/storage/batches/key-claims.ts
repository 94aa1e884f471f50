import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Claimant, ClaimedKey, KeyClaim } from '../../contracts/batch/key-claim';
import { readable } from '../results/result-place';
import { numbered, type SharedFiles } from './shared-files';

/** What came of an attempt to claim a key. `before`: who had it until then, if anybody had. */
export type ClaimAttempt = { claimed: true; before?: KeyClaim } | { claimed: false; holder: KeyClaim };

/**
 * Claims of keys: of all who want to make the asset of a key, one has it. A claim is a chain of files of which the last
 * counts, since no file is ever changed. Whether the holder still runs is Temporal's to say, and the caller's to ask.
 */
export interface KeyClaims {
  /** Claims a key that nobody has; safe to repeat. */
  claim(key: ClaimedKey, by: Claimant): Promise<ClaimAttempt>;
  /**
   * Claims keys of a group's items that nobody ever had, all at once. What it does not get is for {@link claim}.
   * @param by the items' claimant, without a number.
   * @returns the items whose key is theirs now.
   */
  claimNew(items: readonly ClaimedItem[], by: Claimant): Promise<Set<number>>;
  /**
   * Claims a key whose holder has ended.
   * @param ended as {@link claim} gave it: if somebody else was faster, the attempt fails and names that one.
   */
  takeOver(ended: KeyClaim, by: Claimant): Promise<ClaimAttempt>;
  /** Who has the key, or had it last. */
  holderOf(key: ClaimedKey): Promise<KeyClaim | undefined>;
  /** All who had the key, the last first. */
  history(key: ClaimedKey): Promise<KeyClaim[]>;
  /**
   * Forgets the last claim of that batch, unless somebody has taken it over, and what before it was of batches that are not kept any
   * more. Who had the key before those, had it last then.
   */
  forget(key: ClaimedKey, batchId: string, isKept: (batchId: string) => Promise<boolean>): Promise<void>;
}

/** A key that an item of a batch needs. */
export interface ClaimedItem extends ClaimedKey {
  item: number;
}

/** Whoever forgets a claim takes a few requests for it; one that has not ended by then has died. */
const FORGETTING_MS = 30_000;
const LOOKS_AGAIN_MS = 100;

export interface KeyClaimsOptions {
  /** RFC 3339. */
  now?: () => string;
  forgettingMs?: number;
}

export function createKeyClaims(
  files: SharedFiles,
  { now = () => new Date().toISOString(), forgettingMs = FORGETTING_MS }: KeyClaimsOptions = {},
): KeyClaims {
  const folderOf = ({ owner, provider, key }: ClaimedKey): string => {
    const hash = createHash('sha256').update(key).digest('hex');
    return ['claims', readable(owner), provider, hash.slice(0, 2), hash].join('/');
  };
  /** Ends what has begun to be forgotten; safe beside whoever began it. */
  const endForgetting = async (folder: string, mark: string, { forgotten }: Forgetting): Promise<void> => {
    for (const { name, content } of forgotten) {
      if ((await files.read(`${folder}/${name}`)) === content) await files.remove(`${folder}/${name}`);
    }
    await files.remove(`${folder}/${mark}`);
  };
  const last = async (key: ClaimedKey): Promise<Link | undefined> => {
    const folder = folderOf(key);
    const until = Date.now() + forgettingMs;
    for (;;) {
      const name = (await files.list(folder)).at(-1);
      if (name === undefined) return undefined;
      const content = await files.read(`${folder}/${name}`);
      if (content === undefined) continue; // it was forgotten in between
      const forgetting = forgettingIn(content);
      if (!forgetting) return { number: Number(name), content, claim: claimIn(content, key) };
      if (Date.now() < until) await delay(LOOKS_AGAIN_MS);
      else await endForgetting(folder, name, forgetting);
    }
  };
  const claimBefore = async (key: ClaimedKey, { number }: Link): Promise<KeyClaim | undefined> => {
    const content = await files.read(`${folderOf(key)}/${numbered(number - 1)}`);
    return content === undefined ? undefined : claimIn(content, key);
  };
  /** Adds a link behind `before`, unless somebody else did, or `before` was forgotten meanwhile. */
  const add = async (key: ClaimedKey, by: Claimant, before: Link | undefined): Promise<boolean> => {
    const { owner, provider, key: text } = key;
    const folder = folderOf(key);
    const claim: KeyClaim = { owner, provider, key: text, by, at: now() };
    const name = `${folder}/${numbered((before?.number ?? 0) + 1)}`;
    if (!(await files.create(name, JSON.stringify(claim)))) return false;
    if (!before || (await files.read(`${folder}/${numbered(before.number)}`)) === before.content) return true;
    await files.remove(name); // whoever found no claim in between began a chain of its own
    return false;
  };
  const attempt = async (key: ClaimedKey, by: Claimant, ended?: KeyClaim): Promise<ClaimAttempt> => {
    for (;;) {
      const before = await last(key);
      const isOwn = before !== undefined && isSame(before.claim.by, by);
      if (isOwn && isSameRun(before.claim.by, by)) return { claimed: true, before: await claimBefore(key, before) };
      const hasEnded = ended !== undefined && before !== undefined && isSameClaim(before.claim.by, ended.by);
      const mayFollow = before === undefined || isOwn || hasEnded;
      if (!mayFollow) return { claimed: false, holder: before.claim };
      if (await add(key, by, before)) return { claimed: true, before: before?.claim };
    }
  };
  return {
    claim: (key, by) => attempt(key, by),

    async claimNew(items, by) {
      const [first] = items;
      if (!first) return new Set();
      const { owner, provider } = first;
      const ofKeys = Object.fromEntries(items.map(({ key, item }) => [key, item])); // a key may be `__proto__`
      const together: ClaimsTogether = { owner, provider, by, at: now(), items: ofKeys };
      const itemOf = new Map(items.map((one) => [`${folderOf(one)}/${numbered(1)}`, one.item]));
      const created = await files.createAlike([...itemOf.keys()], JSON.stringify(together));
      return new Set([...itemOf].flatMap(([name, item]) => (created.has(name) ? [item] : [])));
    },

    takeOver: (ended, by) => attempt(ended, by, ended),
    holderOf: async (key) => (await last(key))?.claim,

    async history(key) {
      const folder = folderOf(key);
      const claims: KeyClaim[] = [];
      for (const name of (await files.list(folder)).toReversed()) {
        const content = await files.read(`${folder}/${name}`);
        if (content !== undefined && !forgettingIn(content)) claims.push(claimIn(content, key));
      }
      return claims;
    },

    async forget(key, batchId, isKept) {
      const folder = folderOf(key);
      const forgotten: Forgetting['forgotten'] = [];
      const end = (await last(key))?.number ?? 0;
      for (let number = end; number > 0; number--) {
        const name = numbered(number);
        const content = await files.read(`${folder}/${name}`);
        const { batchId: its } = content === undefined ? {} : claimIn(content, key).by;
        if (content === undefined || its === undefined) break;
        if (its !== batchId && (forgotten.length === 0 || (await isKept(its)))) break;
        forgotten.push({ name, content });
      }
      if (forgotten.length === 0) return;
      const mark = numbered(end + 1); // else somebody could take over what is just going
      const forgetting: Forgetting = { forgotten };
      if (await files.create(`${folder}/${mark}`, JSON.stringify(forgetting)))
        await endForgetting(folder, mark, forgetting);
    },
  };
}

/** First claims of many keys, as one content that lies at each of them. */
interface ClaimsTogether extends Omit<KeyClaim, 'key'> {
  /** The item that claims, by its key. */
  items: Record<string, number>;
}

/** Lies behind the claims that are being forgotten, for as long as that takes: whoever wants the key waits. */
interface Forgetting {
  /** The last first, so that what is left of them is a chain. */
  forgotten: { name: string; content: string }[];
}

function forgettingIn(content: string): Forgetting | undefined {
  const found = JSON.parse(content) as KeyClaim | Forgetting;
  return 'forgotten' in found ? found : undefined;
}

function claimIn(content: string, { key }: ClaimedKey): KeyClaim {
  const found = JSON.parse(content) as KeyClaim | ClaimsTogether;
  if (!('items' in found)) return found;
  const { items, by, ...claim } = found;
  return { ...claim, key, by: { ...by, item: items[key] } };
}

interface Link {
  number: number;
  content: string;
  claim: KeyClaim;
}

/** A group that runs again under its id is the same claimant; so is a later run of a lifecycle's id. */
const isSame = (one: Claimant, other: Claimant): boolean =>
  one.workflowId === other.workflowId && one.batchId === other.batchId && one.item === other.item;

const isSameClaim = (one: Claimant, other: Claimant): boolean =>
  isSame(one, other) && one.runId === other.runId && one.removes === other.removes;

/** Each run of a group claims anew: by what was claimed before, the next one tells what it may rely on. */
const isSameRun = (one: Claimant, other: Claimant): boolean => other.item === undefined || isSameClaim(one, other);
