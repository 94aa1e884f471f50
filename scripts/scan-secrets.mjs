import { execFileSync } from 'node:child_process';

/** Refuses a commit whose added lines hold a key, a presigned query or a private key. Names the file, not the secret. */
const PATTERNS = {
  'an API key': /\btlk_[A-Z0-9]{24,}\b/,
  'a presigned URL': /[?&]X-Amz-Signature=[0-9a-f]{32,}/i,
  'a private key': /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  'an AWS key': /\bAKIA[0-9A-Z]{16}\b/,
};

export function findSecrets(diff) {
  const found = [];
  let file = '';
  for (const line of diff.split('\n')) {
    if (line.startsWith('+++ ')) file = line.slice(6);
    else if (line.startsWith('+')) {
      for (const [what, pattern] of Object.entries(PATTERNS)) if (pattern.test(line)) found.push(`${file}: ${what}`);
    }
  }
  return found;
}

if (process.argv[1] && import.meta.url.endsWith('scan-secrets.mjs') && process.argv[1].endsWith('scan-secrets.mjs')) {
  const diff = execFileSync('git', ['diff', '--cached', '--unified=0', '--no-color'], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 ** 2,
  });
  const found = findSecrets(diff);
  for (const one of found) console.error(`secret found: ${one}`);
  if (found.length > 0) process.exitCode = 1;
}
