import { failure } from '../../../contracts/failures';
import type { FileToIngest, UploadedFile, UploadOptions } from '../../ingestions';
import type { Submitted } from '../../intake';
import { outcomeOf, SubmissionAborted, type Outcome } from '../../outcome';
import { finishSession } from '../../shared/parts/finish-session';
import { STREAM_BUFFER_BYTES } from '../../shared/parts/send-parts';
import { PartBuffers } from '../../shared/parts/part-buffers';
import type { SessionAnswer } from '../api/schemas';
import type { SignedUrls } from '../api/signed-urls';
import { FAILURE_MODES, OVERWRITE_MODES, type FailureMode, type OverwriteMode } from '../input';
import { isContent } from '../intake/content-facts';
import { Departures } from '../intake/departures';
import type { MultipartUploads } from '../intake/parts';
import { sendFiles, type Boarded } from '../intake/send-files';
import { errorsIn, hasEnded, type SessionsApi } from '../intake/sessions-api';
import { namesInUse } from '../names-in-use';
import { oneOf, readFiles, refuseSameNames, type Outbound } from './check-files';
import { openSession } from './open-session';
import { SessionOutcomes } from './session-outcomes';
import { UploadStates } from './upload-states';

export interface UploadParts {
  sessions: SessionsApi;
  store: SignedUrls;
  parts: MultipartUploads;
  pageSize: number;
}

/** Parts of one file on their way at once. */
const PART_LANES = 8;
/** Sessions that are opened for files whose URLs expire before they can be sent. */
const MAX_SESSIONS = 3;
const NEVER = new AbortController().signal;
/** By this mode the first failure of a file keeps the rest from being sent. */
const STOPS_AT_FIRST: FailureMode = 'FailAfterOne';
const LOOK_WHILE_SENDING_MS = 1000;
const EXISTS =
  'an asset of that name with other content is there; it was not overwritten; say how to overwrite it, or rename the file';

/** One upload of many files, from their check to what became of each. */
export class Upload {
  private readonly departures = new Departures();
  /** Aborted when no further byte is to be sent, since a file has failed. */
  private readonly stopping = new AbortController();
  private readonly states: UploadStates;
  private readonly outcomes: SessionOutcomes;
  private readonly modes: { failureMode: FailureMode; overwriteMode: OverwriteMode | undefined };

  /** @throws InvalidRequest for modes that there are not, and for two files of one name */
  constructor(
    private readonly files: readonly FileToIngest[],
    private readonly options: UploadOptions,
    private readonly deps: UploadParts,
  ) {
    const { failureMode = FAILURE_MODES[0], overwriteMode, onProgress, signal } = options;
    this.modes = {
      failureMode: oneOf(FAILURE_MODES, 'failureMode', failureMode),
      overwriteMode: overwriteMode === undefined ? undefined : oneOf(OVERWRITE_MODES, 'overwriteMode', overwriteMode),
    };
    refuseSameNames(files);
    this.states = new UploadStates(files, onProgress);
    const assetsOf = (outbound: readonly Outbound[]) => this.assetsOf(outbound);
    this.outcomes = new SessionOutcomes({
      ...deps,
      assetsOf,
      departures: this.departures,
      states: this.states,
      signal,
    });
  }

  /** @returns what became of each file, and the sessions as they were seen last */
  async run(): Promise<{ files: UploadedFile[]; sessions: SessionAnswer[] }> {
    try {
      const { signal } = this.options;
      const stops = { signal, stopping: this.stopping.signal };
      const outbound = await this.withoutNamesInUse(await readFiles(this.files, this.states, stops));
      if (!this.isStopped) await this.send(outbound);
      if (this.isStopped) await this.outcomes.cancelAll();
    } catch (error) {
      await this.outcomes.cancelAll().catch(() => {}); // the first error is told
      throw error;
    }
    const { wait = true, deadlineMs } = this.options;
    await this.outcomes.takeDown({ wait, deadlineMs });
    return { files: this.states.all(), sessions: this.outcomes.sessions() };
  }

  private get isStopped(): boolean {
    return this.modes.failureMode === STOPS_AT_FIRST && this.states.hasFailed;
  }

  /** A dataset holds one asset of a name. What is there with other content is not overwritten untold. */
  private async withoutNamesInUse(outbound: readonly Outbound[]): Promise<Outbound[]> {
    if (this.modes.overwriteMode !== undefined || outbound.length === 0) return [...outbound];
    const there = await this.assetsOf(outbound);
    return outbound.filter(({ at, facts, file: { filename } }) => {
      const asset = there.get(filename);
      if (!asset) return true;
      if (isContent(facts, asset.metadata)) this.states.set(at, 'unchanged');
      else this.states.fail(at, failure('AssetExists', `${filename}: ${EXISTS}`), 'EALREADY');
      return false;
    });
  }

  private assetsOf(outbound: readonly Outbound[]) {
    const names = new Set(outbound.map(({ file }) => file.filename));
    const { sessions, pageSize } = this.deps;
    return namesInUse(sessions.dataset, names, { pageSize, signal: this.options.signal });
  }

  private async send(outbound: readonly Outbound[]): Promise<void> {
    const { signal } = this.options;
    let left = [...outbound];
    for (let opened = 0; left.length > 0 && opened < MAX_SESSIONS && !this.isStopped; opened++) {
      const session = await openSession(left, this.modes, { sessions: this.deps.sessions, signal });
      this.outcomes.opened(session);
      const refused = await this.sendIn(session, left);
      signal?.throwIfAborted();
      const unsent = new Set(refused);
      const sent = left.filter((one) => !unsent.has(one) && !this.states.has(one.at));
      this.outcomes.sent(session.assetIngestionSessionId, sent);
      left = await this.stillToSend(session, refused);
    }
    if (this.isStopped) return;
    for (const { at, file } of left) {
      this.states.fail(at, failure('UploadExpired', `${file.filename}: its URL expired before it could be sent`));
    }
  }

  /** @returns the files whose URL was refused */
  private async sendIn(session: SessionAnswer, outbound: readonly Outbound[]): Promise<Outbound[]> {
    const { sessions, store, parts } = this.deps;
    const { signal } = this.options;
    const { assetIngestionSessionId: id } = session;
    const uploads = new Map((session.status.assets ?? []).map(({ metadata, upload }) => [metadata.filename, upload]));
    const boarded = outbound.flatMap((member): Boarded<Outbound>[] => {
      const upload = uploads.get(member.file.filename);
      if (upload) return [{ member, upload }];
      this.leave(id, member, failure('ProviderUnavailable', `session ${id} gave no URL for ${member.file.filename}`));
      return [];
    });
    const outcomes = new Map<number, Outcome<Submitted>>();
    const onProgress = (at: number, sentBytes: number): void => this.states.sentOf(at, sentBytes);
    const { departures } = this;
    const sending = { datasetId: sessions.dataset.id, store, parts, departures, options: { signal, onProgress } };
    const onEnded = this.modes.failureMode === STOPS_AT_FIRST ? this.stoppingAtFirst(id) : undefined;
    const refused = await sendFiles(session, boarded, { ...sending, outcomes, onEnded });
    signal?.throwIfAborted();
    for (const { member } of boarded) {
      const outcome = outcomes.get(member.at);
      if (outcome?.ok && 'parts' in outcome.value) await this.sendParts(id, member, outcome.value);
      else if (outcome && !outcome.ok && this.wasStopped(outcome.error)) this.states.set(member.at, 'unsent');
      else if (outcome && !outcome.ok) this.states.fail(member.at, outcome.error);
    }
    return refused;
  }

  /** The store takes bytes also when the session has ended for the sake of another file, so that it is looked at. */
  private stoppingAtFirst(sessionId: string) {
    let lookedAt = Date.now();
    return async (how: 'sent' | 'failed' | 'refused'): Promise<void> => {
      if (this.stopping.signal.aborted) return;
      if (how === 'failed') return this.stopping.abort();
      if (how === 'sent' && Date.now() - lookedAt < LOOK_WHILE_SENDING_MS) return;
      lookedAt = Date.now();
      const looked = await outcomeOf(() => this.outcomes.look(sessionId));
      if (looked.ok && hasFailed(looked.value)) this.stopping.abort();
    };
  }

  private wasStopped(error: unknown): boolean {
    return this.stopping.signal.aborted && error instanceof SubmissionAborted;
  }

  private async sendParts(
    sessionId: string,
    member: Outbound,
    { parts }: Extract<Submitted, { parts?: unknown }>,
  ): Promise<void> {
    if (!parts || this.isStopped) return;
    const { filename, bytes } = member.file;
    const ended = await outcomeOf(() =>
      finishSession({
        sessions: this.deps.parts,
        session: parts,
        source: bytes,
        first: parts.urls,
        concurrency: PART_LANES,
        buffers: new PartBuffers(PART_LANES * STREAM_BUFFER_BYTES),
        signal: this.options.signal ?? NEVER,
        stopping: NEVER,
        onSent: (sentBytes) => this.states.sentOf(member.at, sentBytes),
      }),
    );
    this.options.signal?.throwIfAborted();
    if (ended.ok && ended.value === 'completed') return;
    await this.deps.parts.abort(sessionId, filename).catch(() => {}); // its session ends it too
    this.leave(
      sessionId,
      member,
      ended.ok ? failure('UploadExpired', `${filename}: its upload in parts has ended`) : ended.error,
    );
  }

  private async stillToSend(session: SessionAnswer, refused: readonly Outbound[]): Promise<Outbound[]> {
    if (refused.length === 0 || this.modes.failureMode !== STOPS_AT_FIRST) return [...refused];
    return hasFailed(await this.outcomes.look(session.assetIngestionSessionId)) ? [] : [...refused];
  }

  private leave(sessionId: string, { at, file }: Outbound, error: unknown): void {
    this.departures.leave(sessionId, file.filename);
    this.states.fail(at, error);
  }
}

/** It has ended because a file failed. */
const hasFailed = (session: SessionAnswer): boolean => hasEnded(session) && errorsIn(session).size > 0;
