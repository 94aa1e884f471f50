import { readFileSync } from 'node:fs';
import path from 'node:path';
import { FAILURES } from '../../../src/contracts/failures';
import { ROOT } from '../../support/imports';

test('docs/failures.md lists every failure type as the code has it, with a cause and what to do', () => {
  const text = readFileSync(path.join(ROOT, 'docs/failures.md'), 'utf8');
  const rows = text
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, type]) => type?.startsWith('`'));
  const documented = rows.map(([, type, , retried]) => [type?.replaceAll('`', ''), retried]);
  expect(documented).toEqual(Object.entries(FAILURES).map(([type, { retry }]) => [type, retry ? 'yes' : 'no']));
  for (const [, , cause, , remedy] of rows)
    expect([cause, remedy].every((words) => (words ?? '').length > 5)).toBe(true);
});
