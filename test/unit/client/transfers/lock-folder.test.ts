import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { lockPartials } from '../../../../src/client/transfers/lock-folder';

let target: string;
let partials: string;
beforeEach(async () => {
  target = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-lock-'));
  partials = path.join(target, '.partial');
});
afterEach(() => rm(target, { recursive: true, force: true }));

const held = async (content: string): Promise<void> => {
  await mkdir(partials);
  await writeFile(path.join(partials, '@lock'), content);
};

test('one at a time: a second is refused, and told where and by whom, until the first has ended', async () => {
  const unlock = await lockPartials(partials, target);
  await expect(lockPartials(partials, target)).rejects.toThrow(
    `download: another download is at work in ${target} (process ${process.pid} on ${hostname()}); wait for it`,
  );
  await unlock();
  expect(await readdir(partials)).toEqual([]);
  await (
    await lockPartials(partials, target)
  )();
});

test('of many at the same moment one gets it', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lockPartials(partials, target)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('what a process that died has left is taken over, by one of many', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  await held(JSON.stringify({ host: hostname(), pid }));
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lockPartials(partials, target)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await readdir(partials)).toEqual(['@lock']);
});

test.each([[JSON.stringify({ host: 'another-host', pid: 1 })], ['no JSON'], ['']])(
  'a lock of which nobody here can tell is left alone, and named: %s',
  async (content) => {
    await held(content);
    await expect(lockPartials(partials, target)).rejects.toThrow(`remove ${path.join(partials, '@lock')}`);
  },
);
