import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProgramUnavailable } from '../src/stack/programs';
import { findClusterPrograms } from './cluster/cluster-programs';

/** Obtains what `test:cluster` needs beside the other tests and leaves where it is in `dist/cluster-programs.json`. */
async function main(): Promise<void> {
  const programs = await findClusterPrograms(process.env, (line) => console.error(`cluster: ${line}`));
  await writeFile(path.resolve(__dirname, '../cluster-programs.json'), JSON.stringify(programs, null, 2));
}

main().catch((error: unknown) => {
  console.error(error instanceof ProgramUnavailable ? `error: ${error.message}` : error);
  process.exitCode = 1;
});
