import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../../support/imports';

let repository: string;
beforeEach(() => {
  repository = mkdtempSync(path.join(tmpdir(), 'asset-lifecycle-scan-'));
  execFileSync('git', ['init', '-q'], { cwd: repository });
});
afterEach(() => rmSync(repository, { recursive: true, force: true }));

function scan(text: string): { ok: boolean; said: string } {
  writeFileSync(path.join(repository, 'a.txt'), text);
  execFileSync('git', ['add', 'a.txt'], { cwd: repository });
  try {
    execFileSync(process.execPath, [path.join(ROOT, 'scripts/scan-secrets.mjs')], { cwd: repository, stdio: 'pipe' });
    return { ok: true, said: '' };
  } catch (error) {
    return { ok: false, said: String((error as { stderr: Buffer }).stderr) };
  }
}

test.each([
  ['an API key', `tlk_${'A1'.repeat(14)}`],
  ['a presigned URL', `https://b.example/k?X-Amz-Signature=${'0a'.repeat(32)}`],
  ['a private key', '-----BEGIN RSA PRIVATE ' + 'KEY-----'],
])('a commit with %s is refused, without showing it', (what, secret) => {
  const { ok, said } = scan(`x ${secret} y\n`);
  expect(ok).toBe(false);
  expect(said).toContain(`a.txt: ${what}`);
  expect(said).not.toContain(secret);
});

test('a commit without secrets passes', () => {
  expect(scan('nothing to see\n').ok).toBe(true);
});
