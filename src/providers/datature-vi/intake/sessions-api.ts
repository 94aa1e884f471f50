import { failureType } from '../../../contracts/failures';
import { SOURCE, type DatasetApi } from '../api/dataset-api';
import { SessionPageSchema, SessionSchema, type SessionAnswer, type SessionFile } from '../api/schemas';
import type { FailureMode, OverwriteMode } from '../input';

/** A file as the request for its upload names it. */
export interface FileToUpload {
  filename: string;
  mime: string;
  size: number;
  crc32c: number | null;
  customMetadata: Record<string, string | number | boolean>;
  kind: string;
}

const ROUTE = `${SOURCE}/assetIngestionSessions`;
const pathOf = (id: string): string => `${ROUTE}/${encodeURIComponent(id)}`;

/** Sessions are listed in no documented order; this many are looked at. */
const PAGE_SESSIONS = 10;
const MAX_PAGES = 3;

/** The SDK sends one spelling and only reads the other; which one the server takes is not documented. */
const KEEP_SPELLINGS = ['KeepLinkedResource', 'KeepLinkedResources'] as const;

/** Ingestion sessions of one dataset. Source: the operations named below. */
export class SessionsApi {
  private keep: (typeof KEEP_SPELLINGS)[number] = KEEP_SPELLINGS[0];

  constructor(readonly dataset: DatasetApi) {}

  /** @param failureMode default: each file fails for itself. Source: `POST …/assetIngestionSessions`. */
  async create(
    assets: readonly FileToUpload[],
    mode: OverwriteMode,
    failureMode: FailureMode = 'FailAfterAll',
  ): Promise<SessionAnswer> {
    const spelling = this.keep;
    try {
      return await this.post(assets, {
        failureMode,
        onAssetOverwritten: mode === 'KeepLinkedResource' ? spelling : mode,
      });
    } catch (error) {
      const other = KEEP_SPELLINGS.find((one) => one !== spelling);
      const isAboutMode = /overwrit|KeepLinked/i.test((error as Error).message);
      if (mode !== 'KeepLinkedResource' || failureType(error) !== 'ProviderRejected' || !isAboutMode || !other)
        throw error;
      const session = await this.post(assets, { failureMode, onAssetOverwritten: other });
      this.keep = other;
      return session;
    }
  }

  get(id: string, signal?: AbortSignal): Promise<SessionAnswer> {
    const request = {
      method: 'GET',
      route: `${ROUTE}/{id}`,
      path: pathOf(id),
      about: `session ${id}`,
      signal,
    } as const;
    return this.dataset.call(request, SessionSchema);
  }

  /** Source: `POST …/assetIngestionSessions/{id}:cancel`, without a body. */
  cancel(id: string): Promise<void> {
    const about = `session ${id}`;
    return this.dataset.callVoid({
      method: 'POST',
      route: `${ROUTE}/{id}:cancel`,
      path: `${pathOf(id)}:cancel`,
      about,
    });
  }

  page(query: Readonly<Record<string, string | undefined>>, signal?: AbortSignal) {
    return this.dataset.call({ method: 'GET', route: ROUTE, query, signal }, SessionPageSchema);
  }

  /** The sessions of the first pages that have not ended, newest first. */
  async open(signal?: AbortSignal): Promise<SessionAnswer[]> {
    const open: SessionAnswer[] = [];
    let token: string | undefined;
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const { items, nextPage } = await this.page({ s: String(PAGE_SESSIONS), p: token }, signal);
      open.push(...items.filter((session) => !hasEnded(session)));
      token = nextPage;
      if (token === undefined || token === '') break;
    }
    return open.toSorted((one, other) => other.metadata.timeCreated - one.metadata.timeCreated);
  }

  private post(
    assets: readonly FileToUpload[],
    modes: { failureMode: FailureMode; onAssetOverwritten: string },
  ): Promise<SessionAnswer> {
    const about = assets.length === 1 ? `${assets[0]?.filename}, dataset ${this.dataset.id}` : undefined;
    const spec = { kind: 'Upload', ...modes, assets };
    return this.dataset.call({ method: 'POST', route: ROUTE, json: { spec }, about, creates: true }, SessionSchema);
  }
}

/** Whether the session has ended, whichever way: nothing comes of it any more that is not listed. */
export const hasEnded = ({ status: { conditions } }: SessionAnswer): boolean =>
  conditions.some(
    ({ condition, status }) => status === 'FailedReach' || (condition === 'Finished' && status === 'Reached'),
  );

/** Whether it has ended with each of its files as an asset or with an error; one that was ended early knows nothing of some. */
export function hasToldOfAll(session: SessionAnswer): boolean {
  const { total, succeeded, errored } = session.status.progressCount;
  return hasEnded(session) && succeeded + errored === total;
}

/** The files of a session, as far as it tells them. */
export const filesIn = ({ spec, status }: SessionAnswer): SessionFile[] =>
  status.assets?.map(({ metadata }) => metadata) ?? spec.assets ?? [];

/** Code of each file that failed; of several for one file the last counts. */
export function errorsIn({ status: { events } }: SessionAnswer): Map<string, string> {
  const inOrder = events.toSorted((one, other) => (one.time ?? 0) - (other.time ?? 0));
  return new Map(inOrder.flatMap(({ files }) => Object.entries(files ?? {})));
}

/** What the conditions of a session that ended as failed say. */
export const wordsOfEnd = ({ status: { conditions } }: SessionAnswer): string =>
  conditions
    .filter(({ status }) => status === 'FailedReach')
    .flatMap(({ condition, reason, message }) => [reason, message].filter(Boolean).join(': ') || condition)
    .join('; ');
