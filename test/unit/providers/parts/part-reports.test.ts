import { PartReports } from '../../../../src/providers/shared/parts/part-reports';
import { failure } from '../../../../src/contracts/failures';
import type { UploadedPart, PartUploads } from '../../../../src/providers/part-uploads';
import { MemoryProvider } from '../../../support/memory-provider';

const part = (number: number): UploadedPart => ({ part: number, sizeBytes: 1, etag: 'e' });
const { signal } = new AbortController();

/** A provider that answers a report when it is told to. */
function provider() {
  const batches: number[][] = [];
  const answers: (() => void)[] = [];
  const sessions: PartUploads = {
    ...new MemoryProvider().intake.parts,
    urlsPerRequest: 50,
    partsPerReport: 50,
    report: (_session: string, parts: readonly UploadedPart[]) =>
      new Promise<void>((resolve) => {
        batches.push(parts.map((one) => one.part));
        answers.push(resolve);
      }),
  };
  return { batches, answers, sessions };
}

test('reports the first part at once, and those that come meanwhile together', async () => {
  const { batches, answers, sessions } = provider();
  const reports = new PartReports(sessions, 's', signal);
  const all = [1, 2, 3].map((number) => reports.report(part(number)));
  expect(batches).toEqual([[1]]);
  answers[0]?.();
  await all[0];
  await Promise.resolve();
  expect(batches).toEqual([[1], [2, 3]]);
  answers[1]?.();
  await Promise.all(all);
});

test('a report that is refused fails the parts it was about, and no others', async () => {
  let calls = 0;
  const sessions: PartUploads = {
    ...new MemoryProvider().intake.parts,
    urlsPerRequest: 50,
    partsPerReport: 50,
    report: async () => {
      if (++calls === 1) throw failure('ProviderRejected', 'POST report: 400, wrong ETag');
    },
  };
  const reports = new PartReports(sessions, 's', signal);
  const [first, second] = [reports.report(part(1)), reports.report(part(2))];
  await expect(first).rejects.toMatchObject({ type: 'ProviderRejected' });
  await expect(second).resolves.toBeUndefined();
});

test('a report that could not be sent is tried again', async () => {
  let calls = 0;
  const sessions: PartUploads = {
    ...new MemoryProvider().intake.parts,
    urlsPerRequest: 50,
    partsPerReport: 50,
    report: async () => {
      if (++calls < 3) throw failure('ProviderUnavailable', 'POST report: 503', { retryAfter: 1 });
    },
  };
  await new PartReports(sessions, 's', signal).report(part(1));
  expect(calls).toBe(3);
});
