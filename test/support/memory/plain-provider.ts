import { failure } from '../../../src/contracts/failures';
import type { Assets } from '../../../src/providers/assets';
import type { Intake, ItemFacts, Route, Submission, Submitted } from '../../../src/providers/intake';
import type { MediaProvider } from '../../../src/providers/media-provider';
import { failed, type Outcome } from '../../../src/providers/outcome';
import type { MemoryProvider } from '../memory-provider';
import { PARTS_LIMIT_BYTES } from './intake';

/** What one request for many files answers: a file is named by its filename only, in no order. */
type Answer = readonly { filename: string; outcome: Outcome<Submitted> }[];

/**
 * A provider of another shape on the same memory: no branches, no sources by URL, no notes on assets. Every file goes up
 * in parts. One request opens the uploads of many files, which share a session, and names each by its filename.
 */
export function plainProvider(memory: MemoryProvider) {
  /** Upload sessions of the memory, by the requests that opened them. */
  const opened: string[][] = [];
  const open = async (items: readonly Submission[], signal: AbortSignal | undefined): Promise<Answer> => {
    const outcomes = await memory.intake.submit(items, { signal });
    opened.push(outcomes.flatMap((one) => (one.ok && 'upload' in one.value ? [one.value.upload.sessionId] : [])));
    const answer = outcomes.map((outcome, at) => ({ filename: items[at]?.filename ?? '', outcome }));
    return answer.toReversed();
  };
  const intake: Intake = {
    ...memory.intake,
    route,
    submit: async (items, { signal } = {}) => {
      const outcomes = new Map<Submission, Outcome<Submitted>>();
      for (const together of withDistinctNames(items)) {
        const answer = new Map((await open(together, signal)).map((one) => [one.filename, one.outcome]));
        for (const item of together) outcomes.set(item, answer.get(item.filename) ?? notAnswered(item));
      }
      return items.map((item) => outcomes.get(item) ?? notAnswered(item));
    },
  };
  const annotate: Assets['annotate'] = (changes) =>
    Promise.resolve(changes.map(() => failed(failure('ProviderRejected', 'an asset cannot be changed'))));
  const provider: MediaProvider = {
    ...{ name: memory.name, traits: memory.traits, intake, branches: {} },
    assets: { ...memory.assets, annotate },
    watch: (handles, options) => memory.watch(handles, options),
    close: () => memory.close(),
  };
  /** Fails the session, and with it the uploads of all its files. */
  const failSession = (sessionId: string): void => {
    for (const id of opened.find((ids) => ids.includes(sessionId)) ?? []) {
      const session = memory.sessions.get(id);
      if (session) session.state = 'failed';
    }
  };
  return { provider, failSession };
}

const notAnswered = ({ filename }: Submission): Outcome<never> => failed(new Error(`no answer names ${filename}`));

function route({ filename, source, sizeBytes = 0, method, field }: ItemFacts): Route {
  if (source === 'url') throw failure('InvalidRequest', `${field}: ${filename}: the provider fetches no URLs`);
  if (method === 'direct') throw failure('InvalidRequest', `${field}: ${filename}: files go up in parts only`);
  if (sizeBytes <= PARTS_LIMIT_BYTES) return 'parts';
  throw failure('PayloadTooLarge', `${field}: ${filename} has ${sizeBytes} bytes; the limit is ${PARTS_LIMIT_BYTES}`);
}

/** In an answer that knows filenames only, two files of the same name could not be told apart. */
function withDistinctNames(items: readonly Submission[]): Submission[][] {
  const requests: Submission[][] = [];
  for (const item of items) {
    const free = requests.find((one) => one.every(({ filename }) => filename !== item.filename));
    if (free) free.push(item);
    else requests.push([item]);
  }
  return requests;
}
