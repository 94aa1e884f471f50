import { execFile } from 'node:child_process';
import { testTools } from './test-tools';

/** What Docker's own parser says of a compose file. */
export async function composeConfig(file: string): Promise<{ ok: boolean; output: string }> {
  const [program = '', ...args] = testTools().compose.map((part) => part.replace('{file}', file));
  return new Promise((resolve) => {
    execFile(program, args, (error, stdout, stderr) => resolve({ ok: error === null, output: stdout + stderr }));
  });
}
