import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { EmulatorUpload } from '../../emulator/twelvelabs/control-client';
import type { BenchSystem } from '../system/bench-system';
import { sessionOf } from '../uploads/uploads';

const GIVE_UP_MS = 300_000;

/** The official helper as it comes, in a process of its own; it cuts the file into temporary ones. */
export async function uploadBySdk(system: BenchSystem, file: string): Promise<EmulatorUpload> {
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(__dirname, 'sdk-process.js'), file], {
    env: { ...system.environment, TMPDIR: system.folder },
    timeout: GIVE_UP_MS,
  });
  const { assetId } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as { assetId?: string };
  return sessionOf(system, assetId ?? '');
}
