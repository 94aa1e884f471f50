import { failure, failureType } from '../../../contracts/failures';
import { readTag, tagFields } from '../../../contracts/resource';
import type { SubmitOptions, Submission, Submitted, Turn } from '../../intake';
import { failed, outcomeOf, SubmissionAborted, succeeded, type Outcome } from '../../outcome';
import type { SignedUrls } from '../api/signed-urls';
import type { AssetAnswer, SessionAnswer } from '../api/schemas';
import { assetOf } from '../asset-of';
import type { DatasetFields, OverwriteMode } from '../input';
import { namesInUse } from '../names-in-use';
import { contentFacts, isContent, type ContentFacts } from './content-facts';
import type { Departures } from './departures';
import { earlierSessions, otherSender } from './earlier-sessions';
import { formatOf } from './formats';
import type { MultipartUploads } from './parts';
import { sendFiles, type Boarded, type Member } from './send-files';
import type { SessionBudget } from './session-budget';
import type { FileToUpload, SessionsApi } from './sessions-api';

export interface SubmitParts {
  sessions: SessionsApi;
  store: SignedUrls;
  parts: MultipartUploads;
  budget: SessionBudget;
  departures: Departures;
  pageSize: number;
}

type Outcomes = Map<number, Outcome<Submitted>>;

/** Sessions that are opened for files whose URLs expire before they can be sent. */
const MAX_SESSIONS_IN_A_ROW = 3;
/** Files whose content is read at once. */
const READERS = 8;
/** A longer wait for a turn is Temporal's. */
const MAX_HOLD_MS = 5000;
/** Somebody else is sending a file of that name; it takes no longer as a rule. */
const SAME_NAME_RETRY_MS = 5000;
/** Without a word about overwriting, annotations stay should another upload of the name come between look and write. */
const UNTOLD_MODE: OverwriteMode = 'KeepLinkedResource';

const modeOf = ({ fields }: Submission): OverwriteMode | undefined => (fields as DatasetFields).onAssetOverwritten;

/**
 * Submits items in one ingestion session: content is read for its checksum, names that are in use are looked at, sessions
 * of earlier attempts are taken up, and only then a session is opened and the files are sent.
 */
export async function submitItems(
  items: readonly Submission[],
  options: SubmitOptions,
  deps: SubmitParts,
): Promise<Outcome<Submitted>[]> {
  const outcomes: Outcomes = new Map();
  const turns = new Turns(deps.budget, options.turn);
  try {
    await new Submitting(options, deps, turns, outcomes).run(items);
  } catch (error) {
    for (const at of items.keys()) if (!outcomes.has(at)) outcomes.set(at, failed(error));
  } finally {
    turns.giveBack();
  }
  return items.map((item, at) => outcomes.get(at) ?? failed(new Error(`${item.filename}: nothing became of it`)));
}

/** The turns of one submission: its caller's, and more where it takes more sessions. */
class Turns {
  constructor(
    private readonly budget: SessionBudget,
    private mine: Turn | undefined,
  ) {}

  /** Takes the first turn. @throws RateLimited with the wait, if it is long */
  async take(signal: AbortSignal | undefined): Promise<void> {
    const turn = this.mine ?? this.budget.takeTurn();
    this.mine = undefined;
    if (!('waitMs' in turn)) return;
    if (turn.waitMs <= MAX_HOLD_MS) return this.await(signal);
    const why = 'no ingestion session is opened yet: the limit of sessions is used up';
    throw failure('RateLimited', why, { retryAfter: Math.max(1, Math.ceil(turn.waitMs)) });
  }

  /** Waits for a further turn, however long it takes. */
  async await(signal: AbortSignal | undefined): Promise<void> {
    await this.budget.untilTurn(signal);
  }

  giveBack(): void {
    this.mine?.giveBack();
  }
}

class Submitting {
  constructor(
    private readonly options: SubmitOptions,
    private readonly deps: SubmitParts,
    private readonly turns: Turns,
    private readonly outcomes: Outcomes,
  ) {}

  async run(items: readonly Submission[]): Promise<void> {
    const read = await this.readAll(items);
    const members = this.stillWanted(this.withDistinctNames(await this.withoutNamesInUse(read)));
    if (members.length === 0) return;
    const { sessions, departures } = this.deps;
    const { signal } = this.options;
    const known = await sessions.open(signal);
    for (const { session, boarded } of await earlierSessions(sessions, known, { members, departures })) {
      await this.send(session, boarded);
    }
    const left = members.filter(({ at }) => !this.outcomes.has(at));
    const open = await this.withoutNamesUnderWay(left, known);
    for (const mode of new Set(open.map(({ item }) => modeOf(item)))) {
      await this.inNewSessions(
        open.filter(({ item }) => modeOf(item) === mode),
        mode ?? UNTOLD_MODE,
      );
    }
  }

  /** What each item holds; one that cannot be read fails alone. */
  private async readAll(items: readonly Submission[]): Promise<Member[]> {
    const members: Member[] = [];
    const waiting = [...items.entries()];
    const read = async ([at, item]: [number, Submission]): Promise<void> => {
      const outcome = await outcomeOf(() => this.memberOf(at, item));
      if (outcome.ok) members.push(outcome.value);
      else this.outcomes.set(at, outcome);
    };
    const lane = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await read(next);
    };
    await Promise.all(Array.from({ length: Math.min(READERS, items.length) }, lane));
    return members.toSorted((one, other) => one.at - other.at);
  }

  private async memberOf(at: number, item: Submission): Promise<Member> {
    const { filename, content } = item;
    const { signal: all, signals } = this.options;
    const own = signals?.[at];
    const signal = all ? AbortSignal.any(own ? [all, own] : [all]) : own; // its own, since each file that is being sent listens
    if (signal?.aborted) throw notSent(filename);
    const format = formatOf(filename);
    if (!format || content.route === 'url')
      throw failure('InvalidRequest', `${filename}: is no file that the provider takes`);
    return { ...{ at, item, format, signal }, facts: await contentFacts(content.bytes, signal) };
  }

  /** A dataset holds one asset of a name: the same content is taken up, other content is not overwritten untold. */
  private async withoutNamesInUse(members: readonly Member[]): Promise<Member[]> {
    if (members.length === 0) return [];
    const { sessions, pageSize } = this.deps;
    const names = new Set(members.map(({ item }) => item.filename));
    const inUse = await namesInUse(sessions.dataset, names, { pageSize, signal: this.options.signal });
    return members.filter((member) => {
      const existing = inUse.get(member.item.filename);
      const outcome = existing && this.outcomeOfExisting(existing, member);
      if (outcome) this.outcomes.set(member.at, outcome);
      return outcome === undefined;
    });
  }

  private outcomeOfExisting(existing: AssetAnswer, { item, facts }: Member): Outcome<Submitted> | undefined {
    const { tag, filename } = item;
    const asset = assetOf(existing);
    const its = readTag(asset.metadata);
    const isSame = isContent(facts, existing.metadata);
    const isOwn = its?.runId === tag.runId && its.owner === tag.owner && its.key === tag.key;
    if (isOwn && isSame !== false) return succeeded({ asset });
    if (isSame) return succeeded({ asset, adopted: true });
    if (modeOf(item) !== undefined) return undefined;
    const { id } = this.deps.sessions.dataset;
    const why = isSame === false ? 'has other content' : `has content that cannot be compared (${hashWords(existing)})`;
    const remedy = 'give the file another name, or say with onAssetOverwritten what becomes of its annotations';
    const words = `${filename}: asset ${asset.id} of that name in dataset ${id} ${why}; it was not overwritten; ${remedy}`;
    return failed(failure('AssetExists', words, { details: { assetId: asset.id } }));
  }

  /** Of two files of one name the first goes; the second looks again once that is an asset, or is refused. */
  private withDistinctNames(members: readonly Member[]): Member[] {
    const first = new Map<string, Member>();
    return members.filter((member) => {
      const { filename } = member.item;
      const other = first.get(filename);
      if (!other) return first.set(filename, member);
      this.outcomes.set(member.at, failed(sameName(member, other)));
      return false;
    });
  }

  /** A file of the name that another lifecycle is sending comes first: what it is can be told once it is an asset. */
  private async withoutNamesUnderWay(members: readonly Member[], open: readonly SessionAnswer[]): Promise<Member[]> {
    const free: Member[] = [];
    for (const member of members) {
      const other = modeOf(member.item) === undefined ? await otherSender(open, member) : undefined;
      if (!other) free.push(member);
      else this.outcomes.set(member.at, failed(nameUnderWay(member, other)));
    }
    return free;
  }

  private stillWanted(members: readonly Member[]): Member[] {
    return members.filter(({ at, item, signal }) => {
      if (signal?.aborted) this.outcomes.set(at, failed(notSent(item.filename)));
      return !signal?.aborted;
    });
  }

  /** Opens a session for the members, and further ones for those whose URL expires before it is their turn. */
  private async inNewSessions(members: readonly Member[], mode: OverwriteMode): Promise<void> {
    let left = this.stillWanted(members);
    for (let opened = 0; left.length > 0 && opened < MAX_SESSIONS_IN_A_ROW; opened++) {
      if (opened === 0) await this.turns.take(this.options.signal);
      else await this.turns.await(this.options.signal);
      left = this.stillWanted(left);
      if (left.length === 0) return;
      const session = await this.open(left, mode);
      left = await this.send(session, this.board(session, left));
    }
    for (const { at, item } of left) {
      this.outcomes.set(
        at,
        failed(failure('UploadExpired', `${item.filename}: its URL expired before it could be sent`)),
      );
    }
  }

  private async open(members: readonly Member[], mode: OverwriteMode): Promise<SessionAnswer> {
    const { sessions, budget } = this.deps;
    try {
      return await sessions.create(members.map(fileOf), mode);
    } catch (error) {
      if (failureType(error) === 'RateLimited')
        budget.limited(Number((error as { nextRetryDelay?: unknown }).nextRetryDelay));
      throw error;
    }
  }

  /** Uploads are matched by their filename, which the session has once. */
  private board(session: SessionAnswer, members: readonly Member[]): Boarded[] {
    const uploads = new Map((session.status.assets ?? []).map(({ metadata, upload }) => [metadata.filename, upload]));
    return members.flatMap((member) => {
      const upload = uploads.get(member.item.filename);
      if (upload) return [{ member, upload }];
      const { assetIngestionSessionId: id } = session;
      this.deps.departures.leave(id, member.item.filename);
      this.outcomes.set(
        member.at,
        failed(failure('ProviderUnavailable', `session ${id} gave no URL for ${member.item.filename}`)),
      );
      return [];
    });
  }

  /** @returns the members that need another session */
  private async send(session: SessionAnswer, boarded: readonly Boarded[]): Promise<Member[]> {
    const { sessions, store, parts, departures } = this.deps;
    const { options, outcomes } = this;
    const left = await sendFiles(session, boarded, {
      ...{ datasetId: sessions.dataset.id, store, parts, departures, options, outcomes },
    });
    const { assetIngestionSessionId: id } = session;
    if (departures.has(id)) await departures.settle(sessions, id).catch(() => {}); // the next look at it does
    return left;
  }
}

const notSent = (filename: string): SubmissionAborted =>
  new SubmissionAborted(`${filename}: aborted before it was sent`);

const fileOf = ({ item, format, facts }: Member): FileToUpload => ({
  filename: item.filename,
  mime: format.mime,
  size: facts.sizeBytes,
  crc32c: facts.crc32c,
  customMetadata: { ...item.metadata, ...tagFields(item.tag) },
  kind: format.kind,
});

function sameName({ item, facts }: Member, other: Member): Error {
  const { filename } = item;
  if (modeOf(item) !== undefined || isSameContent(facts, other.facts)) {
    const words = `${filename}: another lifecycle is sending a file of that name; it is looked at again`;
    return failure('ProviderUnavailable', words, { retryAfter: SAME_NAME_RETRY_MS });
  }
  const remedy = 'give one of them another name';
  return failure(
    'AssetExists',
    `${filename}: another lifecycle sends a file of that name with other content; ${remedy}`,
  );
}

function nameUnderWay({ item: { filename } }: Member, { sessionId, key }: { sessionId: string; key: string }): Error {
  const words = `${filename}: lifecycle "${key}" is sending a file of that name in session ${sessionId}; it is looked at again`;
  return failure('ProviderUnavailable', words, { retryAfter: SAME_NAME_RETRY_MS });
}

const isSameContent = (one: ContentFacts, other: ContentFacts): boolean =>
  one.sizeBytes === other.sizeBytes && one.sha256 !== undefined && one.sha256 === other.sha256;

const hashWords = ({ metadata: { hash } }: AssetAnswer): string =>
  hash ? `its hash is of the algorithm ${hash.algorithm}` : 'it has no hash';
