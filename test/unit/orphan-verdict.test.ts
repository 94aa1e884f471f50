import { judge, type Evidence } from '../../src/activities/ledger/orphan-verdict';
import type { LifecycleStatus, ReceiptEntry } from '../../src/contracts/lifecycle-status';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const LONG_AGO = '2026-11-24T11:00:00Z';
const tag = { key: 'k', workflowId: 'w', owner: 'o', onCancel: 'delete', released: undefined } as const;

const verdict = (run: Evidence['run'], tagged: Partial<Evidence['tag']> = {}) =>
  judge({ assetId: 'a', tag: { ...tag, ...tagged }, run, closedBefore: NOW });

const closed = (ended: NonNullable<Evidence['run']>['ended'], assetId = 'a') =>
  ({ open: false, closedAt: LONG_AGO, ended, assetId }) as const;

function withReceipt(policy: 'keep' | 'delete' | 'force-delete', result?: ReceiptEntry['result']) {
  const entry = { resource: 'asset', id: 'a', result, because: '', at: LONG_AGO } as ReceiptEntry;
  const receipt = { policy, entries: result ? [entry] : [] };
  return { ...closed('failed'), status: { receipt } as unknown as LifecycleStatus };
}

const leftEntry = { resource: 'indexed-asset', id: 'i', result: 'leftover', because: '', at: LONG_AGO } as const;
const keptEntry = (id: string) => ({ resource: 'asset', id, result: 'kept', because: '', at: LONG_AGO }) as const;

test.each<[string, ReturnType<typeof judge>, ReturnType<typeof judge>]>([
  ['an open lifecycle', verdict({ open: true }), 'open'],
  ['one that closed a moment ago', verdict({ ...closed('stopped'), closedAt: '2026-11-24T12:00:01Z' }), 'young'],
  ['its lifecycle completed with it', verdict(closed('completed')), 'wanted'],
  ['its lifecycle completed with another', verdict(closed('completed', 'b')), { cause: 'surplus', policy: 'delete' }],
  [
    'another was completed, but this one was let go of before',
    verdict(closed('completed', 'b'), { released: 'completed' as const }),
    'wanted',
  ],
  ['a terminated lifecycle', verdict(closed('stopped')), { cause: 'stopped', policy: 'delete' }],
  [
    'a terminated one that wanted it kept',
    verdict(closed('stopped'), { onCancel: 'keep' }),
    { cause: 'stopped', policy: 'keep' },
  ],
  ['a terminated one that had let go of it', verdict(closed('stopped'), { released: 'completed' as const }), 'wanted'],
  ['kept by its receipt', verdict(withReceipt('delete', 'kept')), 'wanted'],
  ['left over by its receipt', verdict(withReceipt('delete', 'leftover')), { cause: 'unfinished', policy: 'delete' }],
  [
    'left over after it had been let go of',
    verdict(withReceipt('force-delete', 'leftover'), { released: 'completed' as const }),
    { cause: 'unfinished', policy: 'force-delete' },
  ],
  [
    'kept, but only by a dependent that was left over',
    verdict({
      ...closed('failed'),
      status: {
        receipt: { policy: 'delete', entries: [leftEntry, keptEntry('a')] },
      } as unknown as LifecycleStatus,
    }),
    { cause: 'unfinished', policy: 'delete' },
  ],
  [
    'the cleanup kept another of the key',
    verdict({
      ...closed('failed'),
      status: { receipt: { policy: 'keep', entries: [keptEntry('b')] } } as unknown as LifecycleStatus,
    }),
    { cause: 'surplus', policy: 'delete' },
  ],
  [
    'a terminated lifecycle that had another',
    verdict(closed('stopped', 'b'), { onCancel: 'keep' }),
    { cause: 'surplus', policy: 'delete' },
  ],
  ['came after the cleanup', verdict(withReceipt('delete')), { cause: 'unfinished', policy: 'delete' }],
  ['came after a cleanup that keeps', verdict(withReceipt('keep')), 'wanted'],
  ['its lifecycle failed, and it is not known with what receipt', verdict(closed('failed')), undefined],
  ['nobody knows its lifecycle', verdict(undefined), { cause: 'vanished', policy: 'delete' }],
  ['nobody knows it, but it was let go of', verdict(undefined, { released: 'completed' as const }), 'wanted'],
])('%s', (_case, got, wanted) => expect(got).toEqual(wanted));
