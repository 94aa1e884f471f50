import { createHash } from 'node:crypto';

/** Where a store keeps a result, below its own folder or prefix. */
export interface ResultPlace {
  /** Path segments that are safe as file names and as parts of object keys. */
  folder: readonly string[];
  file: string;
}

/** A run with several results numbers those after the first. */
const NAME_OF_A_RUN = /^([0-9a-f-]{36})\/(.+)\/([0-9a-f-]{36}(?:-\d+)?)$/s;
const FILE_OF_A_RUN = /^([0-9a-f-]{36}(?:-\d+)?)\.ndjson$/;

/** A run's own place, see `resultName`: no other run writes there. Any other text gets a file at the top. */
export function resultPlace(name: string): ResultPlace {
  const [, owner, workflowId, runId] = NAME_OF_A_RUN.exec(name) ?? [];
  if (owner === undefined || workflowId === undefined || runId === undefined) {
    return { folder: [], file: `${readable(name)}.ndjson` };
  }
  return { folder: folderOf({ owner, workflowId }), file: `${runId}.ndjson` };
}

/** The folder of all results of one workflow id in one namespace. */
export const folderOf = ({ owner, workflowId }: { owner: string; workflowId: string }): string[] => [
  readable(owner),
  readable(workflowId),
];

/** The run whose result the file holds, with the result's number; `undefined` for a file that is none of ours. */
export const runOfFile = (file: string): string | undefined => FILE_OF_A_RUN.exec(file)?.[1];

/** A file name for any text: readable, and unique by the hash of the whole text. */
export function readable(text: string): string {
  const words = text.replaceAll(/[^\w.-]+/g, '_').slice(-80);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `${words}-${hash}`;
}
