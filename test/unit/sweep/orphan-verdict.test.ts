import { carefulPolicy, classifyAsset, type Evidence } from '../../../src/activities/sweep/orphan-verdict';
import type { LifecycleStatus, ReceiptEntry } from '../../../src/contracts/lifecycle-status';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const LONG_AGO = '2026-11-24T11:00:00Z';
const tag = {
  key: 'k',
  workflowId: 'w',
  runId: 'r',
  owner: 'o',
  onCancel: 'delete',
  onFailure: 'keep',
  released: undefined,
} as const;

const verdict = (run: Evidence['run'], tagged: Partial<Evidence['tag']> = {}) =>
  classifyAsset({ assetId: 'a', tag: { ...tag, ...tagged }, run, closedBefore: NOW });

const named = { workflowId: 'w', runId: 'r', key: 'k' };
const closed = (ended: NonNullable<Evidence['run']>['ended'], assetId = 'a') =>
  ({ ...named, open: false, closedAt: LONG_AGO, ended, assetId }) as const;
const orphan = (cause: 'stopped' | 'unfinished' | 'surplus', policy: Evidence['tag']['onCancel']) =>
  ({ is: 'orphan', cause, policy }) as const;
const wanted = { is: 'wanted' } as const;
const toMark = (as: 'completed' | 'kept') => ({ is: 'wanted', mark: { as, runId: 'r' } }) as const;

function withReceipt(policy: 'keep' | 'delete' | 'force-delete', result?: ReceiptEntry['result']) {
  const entry = { resource: 'asset', id: 'a', result, because: '', at: LONG_AGO } as ReceiptEntry;
  const receipt = { policy, entries: result ? [entry] : [] };
  return { ...closed('failed'), status: { receipt } as unknown as LifecycleStatus };
}

const leftEntry = { resource: 'indexed-asset', id: 'i', result: 'leftover', because: '', at: LONG_AGO } as const;
const keptEntry = (id: string) => ({ resource: 'asset', id, result: 'kept', because: '', at: LONG_AGO }) as const;

test.each<[string, ReturnType<typeof classifyAsset>, ReturnType<typeof classifyAsset>]>([
  ['an open lifecycle', verdict({ ...named, open: true }), { is: 'open' }],
  [
    'one that closed a moment ago',
    verdict({ ...closed('stopped'), closedAt: '2026-11-24T12:00:01Z' }),
    { is: 'young' },
  ],
  ['its lifecycle completed with it, but has set no mark', verdict(closed('completed')), toMark('completed')],
  ['its lifecycle completed with another', verdict(closed('completed', 'b')), orphan('surplus', 'delete')],
  [
    'another was completed, but this one was let go of before',
    verdict(closed('completed', 'b'), { released: 'completed' as const }),
    wanted,
  ],
  ['a terminated lifecycle', verdict(closed('stopped')), orphan('stopped', 'delete')],
  ['a terminated one that wanted it kept', verdict(closed('stopped'), { onCancel: 'keep' }), orphan('stopped', 'keep')],
  ['a terminated one that had let go of it', verdict(closed('stopped'), { released: 'completed' as const }), wanted],
  ['kept by its receipt, without a mark', verdict(withReceipt('delete', 'kept')), toMark('kept')],
  ['left over by its receipt', verdict(withReceipt('delete', 'leftover')), orphan('unfinished', 'delete')],
  [
    'left over after it had been let go of',
    verdict(withReceipt('force-delete', 'leftover'), { released: 'completed' as const }),
    orphan('unfinished', 'force-delete'),
  ],
  [
    'kept, but only by a dependent that was left over',
    verdict({
      ...closed('failed'),
      status: {
        receipt: { policy: 'delete', entries: [leftEntry, keptEntry('a')] },
      } as unknown as LifecycleStatus,
    }),
    orphan('unfinished', 'delete'),
  ],
  [
    'the cleanup kept another of the key',
    verdict({
      ...closed('failed'),
      status: { receipt: { policy: 'keep', entries: [keptEntry('b')] } } as unknown as LifecycleStatus,
    }),
    orphan('surplus', 'delete'),
  ],
  [
    'a terminated lifecycle that had another',
    verdict(closed('stopped', 'b'), { onCancel: 'keep' }),
    orphan('surplus', 'delete'),
  ],
  ['came after the cleanup', verdict(withReceipt('delete')), orphan('unfinished', 'delete')],
  ['came after a cleanup that keeps', verdict(withReceipt('keep')), toMark('kept')],
  ['its lifecycle failed, and it is not known with what receipt', verdict(closed('failed')), undefined],
  ['nobody knows its lifecycle', verdict(undefined), { is: 'vanished' }],
  ['its run left no receipt', verdict({ ...closed('cancelled'), status: {} as LifecycleStatus }), { is: 'vanished' }],
  [
    'another lifecycle adopted it, though its own had left it over',
    verdict(withReceipt('force-delete', 'leftover'), { runId: 'r', released: 'kept', releasedBy: 'adopter' }),
    wanted,
  ],
  ['nobody knows it, but it was let go of', verdict(undefined, { released: 'completed' as const }), wanted],
])('%s', (_case, got, expected) => expect(got).toEqual(expected));

test.each([
  ['delete', 'keep', 'keep'],
  ['keep', 'force-delete', 'keep'],
  ['force-delete', 'delete', 'delete'],
] as const)('of onCancel %s and onFailure %s the more careful is %s', (onCancel, onFailure, careful) => {
  expect(carefulPolicy({ ...tag, onCancel, onFailure })).toBe(careful);
});
