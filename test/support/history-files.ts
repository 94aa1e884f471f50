import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Recorded histories: `<workflow>/<name>.json`, and `manifest.json` with the hash of each. */
export const HISTORIES = path.resolve(__dirname, '../replay/histories');

export interface RecordedHistory {
  name: string;
  /** Hex SHA-256 of the file. */
  sha256: string;
  history: { events: unknown[] };
}

/** Reads every recorded history. */
export function recordedHistories(folder = HISTORIES): RecordedHistory[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json') && path.basename(name) !== 'manifest.json')
    .toSorted()
    .map((name) => {
      const text = readFileSync(path.join(folder, name), 'utf8');
      const sha256 = createHash('sha256').update(text).digest('hex');
      return { name, sha256, history: JSON.parse(text) as RecordedHistory['history'] };
    });
}

export const manifestOf = (folder = HISTORIES): Record<string, string> =>
  JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as Record<string, string>;

/** What is wrong between the files and their manifest: edited, missing, unlisted or empty. */
export function manifestProblems(recorded: RecordedHistory[], manifest: Record<string, string>): string[] {
  const problems: string[] = [];
  const found = new Map(recorded.map((one) => [one.name, one]));
  if (found.size === 0) problems.push('no history was recorded');
  for (const [name, sha256] of Object.entries(manifest)) {
    const one = found.get(name);
    if (!one) problems.push(`${name}: in the manifest, but not there`);
    else if (one.sha256 !== sha256) problems.push(`${name}: was edited`);
  }
  for (const { name, history } of recorded) {
    if (!(name in manifest)) problems.push(`${name}: not in the manifest`);
    if (history.events.length === 0) problems.push(`${name}: is empty`);
  }
  return problems;
}

/**
 * Histories of other releases than `version`. Until 1.0.0 each release replaces the histories of the one before; from
 * then on they are kept, because runs of earlier releases may still be open.
 */
export function releaseProblems(names: readonly string[], version: string): string[] {
  if (!version.startsWith('0.')) return [];
  return names
    .filter((name) => !path.basename(name).startsWith(`${version}-`))
    .map((name) => `${name}: is not of ${version}`);
}
