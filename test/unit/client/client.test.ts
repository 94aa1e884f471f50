import { ApplicationFailure, TypedSearchAttributes } from '@temporalio/common';
import { defaultKey } from '../../../src/client/default-key';
import { listQuery } from '../../../src/temporal/runs/list-query';
import { providerAssets } from '../../../src/client/assets/provider-assets';
import { statusOfFailure, statusOfMemo, summaryOf } from '../../../src/temporal/runs/run-status';
import { lifecycleWorkflowId, SEARCH_ATTRIBUTES } from '../../../src/contracts/ids';
import { KeySchema } from '../../../src/contracts/lifecycle-input';
import { MemoryProvider } from '../../support/memory-provider';

describe('the default key', () => {
  const url = (text: string) => defaultKey({ type: 'url', url: text });

  test('is the path, the URL, the S3 URI or the asset id', () => {
    expect(defaultKey({ type: 'file', path: '/media/a.mp4' })).toBe('/media/a.mp4');
    expect(defaultKey({ type: 'asset', assetId: 'a1' })).toBe('a1');
    expect(defaultKey({ type: 's3', bucket: 'media', key: 'a/b.mp4' })).toBe('s3://media/a/b.mp4');
    expect(url('https://example.com/a.mp4')).toBe('https://example.com/a.mp4');
  });

  test('tells queries apart without showing them', () => {
    expect(url('https://e.com/a?token=one')).not.toBe(url('https://e.com/a?token=two'));
    expect(url('https://e.com/a?token=one')).not.toContain('one');
  });

  test('tells the versions of an object apart', () => {
    const of = (versionId?: string) => defaultKey({ type: 's3', bucket: 'media', key: 'a.mp4', versionId });
    expect(new Set([of(), of('v1'), of('v2')]).size).toBe(3);
  });

  test('stays a valid key when the path is very long, and differs as the paths do', () => {
    const long = (start: string) => defaultKey({ type: 'file', path: `/${start}/${'x'.repeat(500)}.mp4` });
    expect(KeySchema.safeParse(long('a')).success).toBe(true);
    expect(long('a')).not.toBe(long('b'));
  });
});

describe('a run in the eyes of visibility', () => {
  const run = (status: string, pairs: ConstructorParameters<typeof TypedSearchAttributes>[0] = []) =>
    summaryOf({
      workflowId: lifecycleWorkflowId('twelvelabs', 'k'),
      runId: 'r1',
      status: { name: status, code: 0 } as never,
      startTime: new Date('2026-01-01T00:00:00Z'),
      closeTime: status === 'RUNNING' ? undefined : new Date('2026-01-01T00:00:09Z'),
      typedSearchAttributes: new TypedSearchAttributes(pairs),
    });
  const attributes = [
    { key: SEARCH_ATTRIBUTES.key, value: 'k' },
    { key: SEARCH_ATTRIBUTES.phase, value: 'processing' },
    { key: SEARCH_ATTRIBUTES.assetId, value: 'a1' },
  ];

  test('an open one is in its phase', () => {
    expect(run('RUNNING', attributes)).toMatchObject({
      key: 'k',
      phase: 'processing',
      outcome: undefined,
      assetId: 'a1',
    });
  });

  test('one without attributes takes its key from its id', () => {
    expect(run('RUNNING')).toMatchObject({ key: 'k', phase: 'pending' });
  });

  test('a terminated one has failed, whatever its last phase was', () => {
    expect(run('TERMINATED', attributes)).toMatchObject({ phase: 'failed', outcome: 'failed' });
    expect(statusOfFailure(new Error('terminated'), run('TERMINATED', attributes))).toMatchObject({
      outcome: 'failed',
      asset: { id: 'a1' },
      error: { type: 'Unexpected', message: 'terminated' },
      timings: { elapsedSec: 9 },
    });
  });

  test('a failed one gives the status that its failure carries', () => {
    const status = { key: 'k', phase: 'failed', timings: { startedAt: '' } };
    const failure = ApplicationFailure.create({ type: 'ProcessingFailed', details: [status] });
    expect(statusOfFailure(failure, run('FAILED', attributes))).toBe(status);
  });

  test('one refused for its input names the type and the field', () => {
    const failure = ApplicationFailure.create({ type: 'InvalidRequest', message: 'source: …' });
    expect(statusOfFailure(failure, run('FAILED'))).toMatchObject({
      error: { type: 'InvalidRequest', message: 'source: …' },
    });
  });

  test('a natively cancelled one gives the status of its memo', () => {
    const status = {
      key: 'k',
      phase: 'cancelled',
      timings: { startedAt: '' },
      receipt: { policy: 'delete', entries: [] },
    };
    expect(statusOfMemo({ status }, run('CANCELLED', attributes))).toBe(status);
    expect(statusOfMemo(undefined, run('CANCELLED', attributes))).toMatchObject({ outcome: 'cancelled' });
  });
});

test('a list filter joins its parts', () => {
  expect(listQuery({})).toBe("WorkflowType = 'assetLifecycle'");
  expect(listQuery({ outcome: 'failed', assetId: 'a-1', query: 'AssetBytes > 5 OR AssetBytes < 1' })).toBe(
    "WorkflowType = 'assetLifecycle' AND (AssetOutcome = 'failed' OR ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')) " +
      "AND AssetId = 'a-1' AND (AssetBytes > 5 OR AssetBytes < 1)",
  );
});

describe('the provider’s assets', () => {
  const provider = new MemoryProvider();
  for (let index = 0; index < 25; index++) provider.addAsset({ id: `a${index}` });
  const assets = providerAssets(async () => provider);

  test('a list is one page', async () => {
    const { items, totalItems } = await assets.list({ pageSize: 5 });
    expect(items.map(({ id }) => id)).toEqual(['a24', 'a23', 'a22', 'a21', 'a20']);
    expect(totalItems).toBe(25);
  });

  test('every asset is given once, in requests of the page size', async () => {
    provider.calls.length = 0;
    const ids = [];
    for await (const { id } of assets.listAll({ pageSize: 10 })) ids.push(id);
    expect(new Set(ids).size).toBe(25);
    expect(provider.calls.filter((call) => call === 'assets.list')).toHaveLength(3);
  });

  test('an unforced delete refuses an asset that entities hold, and names them', async () => {
    provider.entities.set('e', { name: 'Ada', metadata: {}, assetIds: ['a7'] });
    await expect(assets.delete('a7')).rejects.toMatchObject({
      type: 'BlockedByReferences',
      message: 'Asset a7 is part of entity e in collection c; take it out, or delete it by force',
    });
    expect(provider.held.has('a7')).toBe(true);
    await assets.delete('a7', { force: true });
    expect(provider.held.has('a7')).toBe(false);
  });

  test.each([0, 51, 1.5])('refuses a page of %s', async (pageSize) => {
    await expect(assets.list({ pageSize })).rejects.toThrow('pageSize: must be a whole number from 1 to 50');
  });
});
