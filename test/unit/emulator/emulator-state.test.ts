import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EmulatorControl } from '../../../emulator/twelvelabs/control-client';
import { startEmulator, type Emulator } from '../../../emulator/twelvelabs/start-emulator';

const IMAGE = path.resolve(__dirname, '../../../samples/portrait-2.png');
const HOUR_MS = 3_600_000;
const headers = { 'x-api-key': 'k' };

let folder: string;
let running: Emulator | undefined;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'emulator-state-'));
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<{ url: string; control: EmulatorControl }> {
  await running?.close();
  running = undefined;
  running = await startEmulator({ stateFolder: folder, processing: { baseMs: HOUR_MS, msPerMegabyte: 0 } });
  return { url: running.url, control: new EmulatorControl(running.controlUrl) };
}

async function upload(url: string): Promise<string> {
  const form = new FormData();
  form.append('file', new Blob([Buffer.from(await readFile(IMAGE))]), 'portrait.png');
  form.append('method', 'direct');
  form.append('user_metadata', '{"project":"demo"}');
  const response = await fetch(`${url}/assets`, { method: 'POST', headers, body: form });
  return ((await response.json()) as { _id: string })._id;
}

test('assets, their metadata and the advanced clock survive a restart', async () => {
  const first = await start();
  const id = await upload(first.url);
  await first.control.advanceClock(2 * HOUR_MS);
  const late = await upload(first.url);
  const before = await first.control.state();

  const { url, control } = await start();
  expect(await control.state()).toEqual(before);
  const statusOf = async (asset: string) =>
    ((await (await fetch(`${url}/assets/${asset}`, { headers })).json()) as { status: string }).status;
  expect([await statusOf(id), await statusOf(late)]).toEqual(['ready', 'processing']);
  expect((await control.state()).assets[0]?.user_metadata).toEqual({ project: 'demo' });
});

test('a deletion survives a restart too', async () => {
  const { url } = await start();
  const id = await upload(url);
  await fetch(`${url}/assets/${id}`, { method: 'DELETE', headers });
  expect((await (await start()).control.state()).assets).toEqual([]);
});

test.each([
  ['cut off', '{"version":1,"contents":{"assets":['],
  ['of another version', '{"version":99}'],
])('a state file that is %s is an error that names the file', async (_what, text) => {
  await start();
  await running?.close();
  running = undefined;
  const file = path.join(folder, 'twelvelabs-emulator.json');
  await writeFile(file, text);
  await expect(startEmulator({ stateFolder: folder })).rejects.toThrow(file);
});
