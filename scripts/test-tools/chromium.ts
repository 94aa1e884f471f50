import { createRequire } from 'node:module';
import path from 'node:path';
import {
  cacheFolder,
  onPath,
  ProgramUnavailable,
  run,
  type Environment,
  type OnProgress,
} from '../../src/stack/programs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A Chromium: `CHROMIUM_PATH`, PATH, Playwright's own download, or Debian's package. */
export async function findChromium(environment: Environment, onProgress: OnProgress): Promise<string> {
  if (environment.CHROMIUM_PATH) return environment.CHROMIUM_PATH;
  const found = await onPath(NAMES, environment);
  if (found) return found;
  return (
    (await fromPlaywright(environment, onProgress)) ??
    (await fromDebian(environment, onProgress)) ??
    refuse('no Chromium: neither Playwright nor apt-get could install one; install it, or set CHROMIUM_PATH')
  );
}

async function fromPlaywright(environment: Environment, onProgress: OnProgress): Promise<string | undefined> {
  onProgress('no Chromium on PATH; trying Playwright’s download …');
  const browsers = path.join(cacheFolder(environment), 'playwright');
  process.env.PLAYWRIGHT_BROWSERS_PATH = browsers;
  const cli = path.join(path.dirname(createRequire(__filename).resolve('playwright-core/package.json')), 'cli.js');
  try {
    await run(process.execPath, [cli, 'install', 'chromium'], { timeout: 300_000 });
    const { chromium } = await import('playwright-core');
    return chromium.executablePath();
  } catch {
    return undefined; // closed networks are expected; the next way is tried
  }
}

async function fromDebian(environment: Environment, onProgress: OnProgress): Promise<string | undefined> {
  const apt = await onPath(['apt-get'], environment);
  if (!apt || process.getuid?.() !== 0) return undefined;
  onProgress('installing Debian’s Chromium (about 100 MB)');
  const env = { ...environment, DEBIAN_FRONTEND: 'noninteractive' } as NodeJS.ProcessEnv;
  await run(apt, ['update', '-qq'], { env });
  await run(apt, ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { env, maxBuffer: 64 * 1024 ** 2 });
  return onPath(NAMES, environment);
}

function refuse(message: string): never {
  throw new ProgramUnavailable(message);
}
