import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder of this package's package.json, from the sources as well as from the build. */
export function packageRoot(from = __dirname): string {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (existsSync(manifest)) {
      const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string };
      if (name === 'asset-lifecycle') return folder;
    }
    if (path.dirname(folder) === folder) throw new Error(`no package.json of asset-lifecycle above ${from}`);
  }
}
