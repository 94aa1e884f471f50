import { chromium, type Browser } from 'playwright-core';
import { testTools } from './test-tools';

/** A headless Chromium that makes no connections of its own. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: testTools().chromium,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
