import type { Handle } from '../../../src/contracts/branches/handle';
import { assetHandle } from '../../../src/contracts/branches/handle';
import { failure } from '../../../src/contracts/failures';
import { readTag } from '../../../src/contracts/resource';
import type { Assets } from '../../../src/providers/assets';
import type { Intake, ItemFacts, Route, Submission, SubmitOptions, Submitted } from '../../../src/providers/intake';
import type { MediaProvider, Observation, ObservationTrouble } from '../../../src/providers/media-provider';
import { failed, only, outcomeOf, SubmissionAborted } from '../../../src/providers/outcome';
import type { MemoryProvider } from '../memory-provider';
import { WHOLE_LIMIT_BYTES } from './intake';

const INTAKE = 'intake';

/**
 * A provider on the same memory whose submissions are `pending`: which asset came of a file is known only after a wait,
 * by the file's name, of which there is one. Files go whole; nothing can be added to an asset; there are no branches.
 */
export function pendingProvider(memory: MemoryProvider): MediaProvider {
  const abandoned = new Set<string>();
  const named = (filename: string) => [...memory.held.values()].find((asset) => asset.filename === filename);

  const submitOne = async (item: Submission, at: number, options: SubmitOptions): Promise<Submitted> => {
    const { filename, tag, content } = item;
    const existing = named(filename);
    const its = existing && readTag(existing.metadata);
    if (existing && its?.runId === tag.runId) return { asset: existing };
    if (existing && (tag.content === undefined || its?.content !== tag.content)) {
      throw failure('AssetExists', `${filename}: asset ${existing.id} of that name has other content`);
    }
    if (existing) return { asset: existing, adopted: true };
    const pending: Handle = {
      ...{ kind: INTAKE, id: memory.nextId('session'), item: filename, words: `${filename}, in a session` },
      content: content.route === 'url' ? '' : content.bytes.content,
    };
    await options.onOpened?.(at, pending);
    if (options.signals?.[at]?.aborted) throw new SubmissionAborted(`${filename}: aborted before it was sent`);
    const onProgress = (_: number, sentBytes: number): void => options.onProgress?.(at, sentBytes);
    only(await memory.intake.submit([item], { signal: options.signal, onProgress }));
    return { pending };
  };

  const intake: Intake = {
    ...memory.intake,
    route,
    submit: (items, options = {}) =>
      Promise.all(items.map((item, at) => outcomeOf(() => submitOne(item, at, options)))),
    abandon: async ({ id, item = '' }) => {
      abandoned.add(id);
      return named(item) ? 'open' : 'ended';
    },
  };

  async function* watchOne(handle: Handle): AsyncGenerator<Observation | ObservationTrouble> {
    const asset = named(handle.item ?? '');
    if (abandoned.has(handle.id) || !asset) return yield { handle, state: 'gone' };
    for await (const heard of memory.watch([assetHandle(asset.id)], { pace: async () => {} })) {
      yield 'error' in heard ? { handles: [handle], error: heard.error } : { ...heard, handle };
    }
  }

  const annotate: Assets['annotate'] = (changes) =>
    Promise.resolve(changes.map(() => failed(failure('ProviderRejected', 'an asset cannot be changed'))));

  return {
    ...{ name: memory.name, traits: memory.traits, intake, branches: {} },
    assets: { ...memory.assets, annotate },
    async *watch(handles, options) {
      const isPending = ({ kind }: Handle): boolean => kind === INTAKE;
      yield* memory.watch(
        handles.filter((handle) => !isPending(handle)),
        options,
      );
      if (handles.some(isPending)) await options.pace();
      for (const handle of handles.filter(isPending)) yield* watchOne(handle);
    },
    close: () => memory.close(),
  };
}

function route({ filename, source, sizeBytes = 0, method, field }: ItemFacts): Route {
  if (source !== 'file' || method === 'multipart') {
    throw failure('InvalidRequest', `${field}: ${filename}: only files that go whole are taken`);
  }
  if (sizeBytes <= WHOLE_LIMIT_BYTES) return 'whole';
  throw failure('PayloadTooLarge', `${field}: ${filename} has ${sizeBytes} bytes; the limit is ${WHOLE_LIMIT_BYTES}`);
}
