import type { Ingestion, IngestionPage, IngestionQuery, Ingestions, WaitOptions } from '../../providers/ingestions';
import type { MediaProvider } from '../../providers/media-provider';
import { followPages } from '../../providers/shared/read-pages';
import { InvalidInput } from '../../temporal/errors';
import { withLimits, type CallLimits } from '../call-limits';

/**
 * The sessions in which files become assets of a place. Every call but `wait` is one attempt, and takes limits as its last
 * argument.
 */
export interface ProviderSessions {
  /** One page, as the provider orders them. */
  list(query?: IngestionQuery, limits?: CallLimits): Promise<IngestionPage>;
  /** Every page from that one on, read as it is iterated. */
  pages(query?: IngestionQuery, limits?: CallLimits): AsyncIterable<IngestionPage>;
  /** Every session from that page on, read page by page as it is iterated. */
  listAll(query?: IngestionQuery, limits?: CallLimits): AsyncIterable<Ingestion>;
  /** @throws ResourceGone */
  get(sessionId: string, limits?: CallLimits): Promise<Ingestion>;
  /**
   * Waits until the session has ended, whichever way.
   * @param options.deadlineMs default: one hour.
   * @throws ResourceGone · DeadlineExceeded, which says how far it is
   */
  wait(sessionId: string, options?: CallLimits & Pick<WaitOptions, 'deadlineMs' | 'onLook'>): Promise<Ingestion>;
  /** Ends it, and gives it as it is then. Assets that have come stay. @throws ResourceGone */
  cancel(sessionId: string, limits?: CallLimits): Promise<Ingestion>;
}

export function providerSessions(provider: () => Promise<MediaProvider>): ProviderSessions {
  const sessions = async (): Promise<Ingestions> => {
    const { ingestions, name } = await provider();
    if (ingestions) return ingestions;
    throw new InvalidInput(`sessions: ${name} has none that could be listed; its uploads are a lifecycle's own`);
  };
  const list = async (query: IngestionQuery, signal: AbortSignal): Promise<IngestionPage> => {
    const { pageSize } = query;
    if (pageSize !== undefined && (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_SESSIONS)) {
      throw new InvalidInput(`pageSize: must be a whole number from 1 to ${MAX_PAGE_SESSIONS}, not ${pageSize}`);
    }
    return (await sessions()).list(query, { signal });
  };

  const pages = (query: IngestionQuery = {}, limits: CallLimits = {}): AsyncIterable<IngestionPage> => {
    const read = (from: string | undefined): Promise<IngestionPage> =>
      withLimits({ call: 'sessions.pages' }, limits, (signal) => list({ ...query, from }, signal));
    return followPages(read, { idOf: ({ id }: Ingestion) => id, from: query.from });
  };

  return {
    list: (query = {}, limits = {}) => withLimits({ call: 'sessions.list' }, limits, (signal) => list(query, signal)),

    pages,

    async *listAll(query = {}, limits = {}) {
      for await (const { items } of pages(query, limits)) yield* items;
    },

    get: (id, limits = {}) =>
      withLimits({ call: `sessions.get ${id}` }, limits, async (signal) => (await sessions()).get(id, { signal })),

    wait: (id, { deadlineMs, onLook, ...limits } = {}) =>
      withLimits({ call: `sessions.wait ${id}` }, limits, async (signal) =>
        (await sessions()).wait(id, { deadlineMs, onLook, signal }),
      ),

    cancel: (id, limits = {}) =>
      withLimits({ call: `sessions.cancel ${id}`, writes: true }, limits, async (signal) => {
        const open = await sessions();
        await open.cancel(id, { signal });
        return open.get(id, { signal });
      }),
  };
}

/** A session names all its files, so that pages stay small. */
const MAX_PAGE_SESSIONS = 100;
