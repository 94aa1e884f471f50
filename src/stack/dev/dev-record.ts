import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { isAlive } from '../programs';

/** Of the folder in which `dev` was started; below the current one. */
export const DEV_FOLDER = '.asset-lifecycle';
const FILE = 'dev.json';

/** A file that anybody may have put there must not lead a command, and its credentials, to another machine. */
const LOOPBACK_ADDRESS = /^(localhost|127(\.\d{1,3}){3}|\[::1\]):\d{1,5}$/;

/** True for an address that commands beside `dev` may be told. */
export const isOnThisMachine = (address: string): boolean => LOOPBACK_ADDRESS.test(address);

const Served = z.object({
  /** gRPC address, `host:port`. Absent if `dev` uses a server on another machine. */
  temporal: z.object({ address: z.string().regex(LOOPBACK_ADDRESS), namespace: z.string().min(1) }).optional(),
  /** Origin of each provider's emulator, by the provider's name. */
  emulators: z.record(
    z.string(),
    z.string().refine((origin) => URL.canParse(origin) && LOOPBACK_ADDRESS.test(new URL(origin).host)),
  ),
  /** `ASSET_LIFECYCLE_RESULTS` of its worker. */
  results: z.string().min(1),
});

/** What a `dev` serves. Holds no secret. */
export type Served = z.output<typeof Served>;

const DevRecord = z.object({
  pid: z.int().positive(),
  /** RFC 3339. */
  startedAt: z.iso.datetime(),
  /** Absent until everything is ready. */
  served: Served.optional(),
});

/** Written by `dev` for commands beside it, and for a second `dev`. */
export type DevRecord = z.output<typeof DevRecord>;

export const devRecordFile = (folder: string): string => path.join(folder, FILE);

/** The record in that file; `undefined` if there is none that can be read. */
export async function readDevRecord(file: string): Promise<DevRecord | undefined> {
  try {
    return DevRecord.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** The first start may build the Temporal server, which takes minutes. */
const STARTS_WITHIN_MS = 15 * 60_000;

/** True if the `dev` that wrote this is starting or serving. Process ids are used again, so its port must answer too. */
export async function isRunning({ pid, startedAt, served }: DevRecord): Promise<boolean> {
  if (pid === process.pid || !isAlive(pid)) return false; // in a container each dev has the same process id
  return served === undefined ? Date.now() - Date.parse(startedAt) < STARTS_WITHIN_MS : isAnswering(served);
}

const isAnswering = async ({ temporal, emulators }: Served): Promise<boolean> => {
  const [origin] = Object.values(emulators);
  const address = temporal?.address ?? (origin && new URL(origin).host);
  return address !== undefined && answers(address);
};

const ANSWERS_WITHIN_MS = 1000;

function answers(address: string): Promise<boolean> {
  const { hostname, port } = new URL(`http://${address}`);
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replaceAll(/[[\]]/g, ''),
      port: Number(port || 80),
      timeout: ANSWERS_WITHIN_MS,
    });
    const end = (isOpen: boolean) => (): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', end(true)).once('timeout', end(false)).once('error', end(false));
  });
}
