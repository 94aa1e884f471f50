import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { releaseFields, tagFields, type LedgerTag } from '../../../src/contracts/resource';
import type { MediaProvider } from '../../../src/providers/media-provider';
import { only } from '../../../src/providers/outcome';
import { withMarksBeside } from '../../../src/providers/shared/marks-beside';
import { createFolderMarkStore } from '../../../src/storage/results/folder-mark-store';
import type { MarkStore } from '../../../src/storage/results/mark-store';
import { startAccount } from '../datature-vi/account';
import { withGatheredIntake } from '../../../src/providers/shared/gather-submissions';
import { PlacedProvider } from '../../support/memory/placed-provider';
import { MemoryProvider } from '../../support/memory-provider';

const OWNER = 'o';
const tag: LedgerTag = { key: 'k', workflowId: 'w', runId: 'r1', owner: OWNER, onCancel: 'delete', onFailure: 'keep' };

let folder: string;
let marks: MarkStore;
let memory: PlacedProvider;
let provider: MediaProvider;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-marks-'));
  marks = createFolderMarkStore(folder);
  memory = new PlacedProvider('d', 'e');
  provider = withMarksBeside(memory, { marks, owner: OWNER });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const within = (place = 'd'): MediaProvider => provider.within?.(place) as MediaProvider;
const add = (id: string, changes: Partial<LedgerTag> = {}, place = 'd') =>
  memory
    .memory(place)
    .addAsset({ id, filename: `${id}.jpg`, metadata: { title: 't', ...tagFields({ ...tag, ...changes }) } });
const annotate = async (assetId: string, fields: Record<string, string | null>, place = 'd') =>
  only(await within(place).assets.annotate([{ assetId, fields }]));
const metadataOf = async (id: string, place = 'd') => (await within(place).assets.get(id)).metadata;
const addresses = async (place = 'd', owner = OWNER): Promise<string[]> => {
  const ids = [];
  for await (const id of marks.marked({ owner, provider: memory.name, place })) ids.push(id);
  return ids;
};

test('what is added to an asset is given with it, wherever it is read, and the provider hears nothing of it', async () => {
  add('a');
  await annotate('a', releaseFields('completed', 'r1'));
  const released = { title: 't', asset_lifecycle_key: 'k', asset_lifecycle_released: 'completed' };
  expect(await metadataOf('a')).toMatchObject(released);
  expect((await within().assets.list({})).items).toMatchObject([{ id: 'a', metadata: released }]);
  expect(await within().intake.find([{ tag }])).toMatchObject([[{ id: 'a', metadata: released }]]);
  expect(memory.memory('d').asset('a').metadata).not.toHaveProperty('asset_lifecycle_released');
  await annotate('a', releaseFields(null));
  expect(await metadataOf('a')).not.toHaveProperty('asset_lifecycle_released');
});

test('an asset whose tag was taken off is not found by it any more', async () => {
  add('a');
  await annotate('a', { asset_lifecycle_key: null });
  expect(await within().intake.find([{ tag }])).toEqual([[]]);
});

test('all that the provider can do in a place, it can do with its marks beside and its submissions gathered', async () => {
  const vi = await startAccount();
  const membersOf = (one: object): string[] =>
    [one, Object.getPrototypeOf(one) as object].flatMap(Object.getOwnPropertyNames).filter(isOptional);
  const isOptional = (name: string): boolean =>
    ['count', 'open', 'removeMatching', 'abandon', 'openFor', 'openOf', 'ingestions', 'within'].includes(name);
  const { assets, intake } = vi.provider;
  expect([vi.provider, assets, intake].flatMap(membersOf)).toHaveLength(8);
  for (const wrapped of [
    withGatheredIntake(vi.account),
    withMarksBeside(vi.account, { marks, owner: OWNER }),
    withMarksBeside(withGatheredIntake(vi.account), { marks, owner: OWNER }),
  ]) {
    const place = wrapped.within?.('demo') as MediaProvider;
    expect(membersOf(place).toSorted()).toEqual(membersOf(vi.provider).toSorted());
    expect(membersOf(place.assets).toSorted()).toEqual(membersOf(assets).toSorted());
    expect(membersOf(place.intake).toSorted()).toEqual(membersOf(intake).toSorted());
    expect(place.within?.('demo')).toBe(place);
  }
  vi.api.addAsset('a.png', Buffer.from('a'));
  const marking = withMarksBeside(vi.account, { marks, owner: OWNER }).within?.('demo');
  expect(await marking?.assets.count?.()).toBe(1);
  await vi.close();
});

test('marks are those of one place', async () => {
  add('a');
  add('a', {}, 'e');
  await annotate('a', releaseFields('kept', 'r1'));
  expect(await metadataOf('a', 'e')).not.toHaveProperty('asset_lifecycle_released');
});

test('marks lie where the owner in the tag looks for them', async () => {
  add('a', { owner: 'another namespace' });
  await annotate('a', releaseFields('kept', 'adopter'));
  expect(await addresses('d', 'another namespace')).toEqual(['a']);
  expect(await metadataOf('a')).toMatchObject({ asset_lifecycle_released_by: 'adopter' });
});

test('an upload that replaces another has none of its marks', async () => {
  add('a');
  await annotate('a', releaseFields('completed', 'r1'));
  add('a', { runId: 'r2' });
  expect(await metadataOf('a')).not.toHaveProperty('asset_lifecycle_released');
  await annotate('a', { asset_lifecycle_completed_by: 'r0' });
  expect(await metadataOf('a')).not.toHaveProperty('asset_lifecycle_released');
});

test('marks are removed with their asset, also where it was gone before', async () => {
  for (const id of ['a', 'b', 'c']) {
    add(id);
    await annotate(id, releaseFields('completed', 'r1'));
  }
  memory.memory('d').held.delete('b');
  await within().assets.remove(['a', 'b'], { force: false });
  expect(await addresses()).toEqual(['c']);
});

test('a deletion that is refused leaves the marks', async () => {
  add('a');
  await annotate('a', releaseFields('completed', 'r1'));
  memory.memory('d').references.set('a', [{ indexId: 'i', indexedAssetId: 'x' }]);
  await within().assets.remove(['a'], { force: false });
  expect(await addresses()).toEqual(['a']);
});

test('an upload says in which store its marks lie; another store neither reads nor takes any', async () => {
  const id = await marks.id();
  const bytes = { sizeBytes: 1, content: 'file:1', read: () => [Buffer.alloc(1)] } as never;
  const item = { filename: 'a.jpg', metadata: {}, fields: {}, tag, content: { route: 'whole', bytes } } as const;
  const submitted = only(await within().intake.submit([item]));
  const { id: assetId, metadata } = 'asset' in submitted ? submitted.asset : add('none');
  expect(metadata).toMatchObject({ asset_lifecycle_marks: id, asset_lifecycle_run: 'r1' });
  await annotate(assetId, releaseFields('completed', 'r1'));

  const other = createFolderMarkStore(path.join(folder, 'elsewhere'));
  const elsewhere = withMarksBeside(memory, { marks: other, owner: OWNER }).within?.('d') as MediaProvider;
  expect((await elsewhere.assets.get(assetId)).metadata).not.toHaveProperty('asset_lifecycle_released');
  const [refused] = await elsewhere.assets.annotate([{ assetId, fields: releaseFields('kept', 'r9') }]);
  expect(refused).toMatchObject({ ok: false, error: { type: 'ProviderRejected' } });
  expect((refused as { error: Error }).error.message).toMatch(
    /its marks lie in another result store .* ASSET_LIFECYCLE_RESULTS/,
  );
});

test('what is gone, and what is no field of a tag, takes no marks', async () => {
  add('a');
  await expect(annotate('gone', releaseFields('kept', 'r1'))).rejects.toMatchObject({ type: 'ResourceGone' });
  await expect(annotate('a', { title: 'mine' })).rejects.toMatchObject({ type: 'ProviderRejected' });
  expect(await addresses()).toEqual([]);
});

test('the same place is the same object, and a provider that marks assets stays as it is', () => {
  expect(within()).toBe(within());
  expect(within().within?.('d')).toBe(within());
  const own = new MemoryProvider();
  expect(withMarksBeside(own, { marks, owner: OWNER })).toBe(own);
});
