import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const NAME = 'asset-lifecycle';

/** The folder of this package's package.json; works from the sources and from the build. */
export const packageRoot = (): string => find().folder;

export const packageVersion = (): string => find().version;

function find(): { folder: string; version: string } {
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (existsSync(manifest)) {
      const { name, version = '' } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string; version?: string };
      if (name === NAME) return { folder, version };
    }
    if (path.dirname(folder) === folder) throw new Error(`no package.json of ${NAME} above ${__dirname}`);
  }
}
