import { availableParallelism } from 'node:os';
import type { Handle } from '../../../contracts/branches/handle';
import { failure } from '../../../contracts/failures';
import type { SubmitOptions, Submission, Submitted } from '../../intake';
import { failed, SubmissionAborted, succeeded, type Outcome } from '../../outcome';
import { retryBriefly } from '../../shared/parts/retry-briefly';
import { expiryMs, UrlRefused, type SignedUrls } from '../api/signed-urls';
import type { SessionAnswer, SignedUpload } from '../api/schemas';
import { contentText, type ContentFacts } from './content-facts';
import type { Departures } from './departures';
import type { Format } from './formats';
import type { MultipartUploads } from './parts';

/** A file on its way into a session. */
export interface Sendable {
  /** Index among those that were handed in together. */
  at: number;
  item: Pick<Submission, 'filename' | 'content'>;
  format: Format;
  facts: ContentFacts;
  signal?: AbortSignal;
}

/** An item of a submission on its way into a session. */
export interface Member extends Sendable {
  item: Submission;
}

/** A member with the upload that its session gave it. */
export interface Boarded<M extends Sendable = Member> {
  member: M;
  upload: SignedUpload;
}

interface Sending {
  datasetId: string;
  store: SignedUrls;
  parts: MultipartUploads;
  departures: Departures;
  options: SubmitOptions;
  /** Awaited when a file was sent, has failed, or its URL was refused, before its lane sends another. */
  onEnded?: (how: 'sent' | 'failed' | 'refused') => Promise<void>;
}

/** Files sent at once; as many as the official SDK sends. */
const LANES = Math.min(Math.max(2 * availableParallelism(), 8), 32);
/** A URL that expires sooner is not used. */
const MARGIN_MS = 5000;

export const INGESTION = 'ingestion';

/** Names one file of a session, to wait for its asset. */
export const handleOf = (
  { datasetId, sessionId }: { datasetId: string; sessionId: string },
  { filename, facts }: { filename: string; facts: ContentFacts },
): Handle => ({
  ...{ kind: INGESTION, id: sessionId, in: datasetId, item: filename, content: contentText(facts) },
  words: `${filename}, in session ${sessionId} of dataset ${datasetId}`,
});

/**
 * Sends the files of one session, once its id is known for all of them. Each fails for itself.
 * @returns the members whose URL has expired; they need another session.
 */
export async function sendFiles<M extends Sendable>(
  session: Pick<SessionAnswer, 'assetIngestionSessionId' | 'ingestionId'>,
  boarded: readonly Boarded<M>[],
  sending: Sending & { outcomes: Map<number, Outcome<Submitted>> },
): Promise<M[]> {
  const { datasetId, departures, options, outcomes, parts, store, onEnded } = sending;
  const { assetIngestionSessionId: sessionId, ingestionId = sessionId } = session;
  const pendingOf = ({ item: { filename }, facts }: M): Handle =>
    handleOf({ datasetId, sessionId }, { filename, facts });
  const expired: M[] = [];
  const leave = (member: M, error: unknown, mayHaveCome = false): void => {
    departures.leave(sessionId, member.item.filename, mayHaveCome);
    outcomes.set(member.at, failed(error));
  };
  const ready = await announce(boarded);
  const waiting = [...ready];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      await sendOne(next);
      const { at } = next.member;
      if (expired.includes(next.member)) await onEnded?.('refused');
      else await onEnded?.(outcomes.get(at)?.ok === false ? 'failed' : 'sent');
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, waiting.length) }, lane));
  return expired;

  /** No byte goes out before every member's session is known to its caller. */
  async function announce(all: readonly Boarded<M>[]): Promise<Boarded<M>[]> {
    const told = await Promise.all(
      all.map(async (one) => {
        try {
          await options.onOpened?.(one.member.at, pendingOf(one.member));
          return [one];
        } catch (error) {
          leave(one.member, error);
          return [];
        }
      }),
    );
    return told.flat();
  }

  async function sendOne({ member, upload }: Boarded<M>): Promise<void> {
    const { at, item, signal } = member;
    const { filename, content } = item;
    if (signal?.aborted) return leave(member, new SubmissionAborted(`${filename}: aborted before it was sent`));
    const pending = pendingOf(member);
    if (content.route === 'url') return leave(member, failure('InvalidRequest', `${filename}: no URLs are fetched`));
    const { bytes, route } = content;
    try {
      if (route === 'parts') {
        const session = { sessionId, ingestionId };
        const opened = await parts.open(session, {
          filename,
          contentType: member.format.mime,
          sizeBytes: bytes.sizeBytes,
        });
        outcomes.set(at, succeeded({ pending, parts: opened }));
        return;
      }
      await retryBriefly(async () => {
        if (Date.now() + MARGIN_MS >= expiryMs(upload.expiry))
          throw new UrlRefused(403, `${filename}: its URL has expired`);
        const { sizeBytes } = bytes;
        const onSent = (sentBytes: number): void => options.onProgress?.(at, sentBytes);
        await store.put(
          { ...upload, method: 'PUT' },
          { read: () => bytes.read(), sizeBytes, words: filename, signal, onSent },
        );
      }, signal);
      outcomes.set(at, succeeded({ pending }));
    } catch (error) {
      if (error instanceof UrlRefused) {
        departures.leave(sessionId, filename, false);
        expired.push(member);
        return;
      }
      leave(member, signal?.aborted ? new SubmissionAborted(`${filename}: aborted while it was sent`) : error, true);
    }
  }
}
