import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { launchBrowser } from '../support/system/browser';
import { sample, System, untilStatus } from '../support/system/system';

jest.setTimeout(180_000);
const SCREENSHOTS = path.resolve(__dirname, '../../dist/screenshots');

let system: System;
let browser: Browser;
beforeAll(async () => {
  system = await System.start();
  browser = await launchBrowser();
  await mkdir(SCREENSHOTS, { recursive: true });
});
afterAll(async () => {
  await browser?.close();
  await system?.close();
});

const pageOf = (workflowId: string, runId: string): string =>
  `${system.temporal.uiUrl}/namespaces/${system.temporal.namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}`;

test('the page of a finished run shows phase, asset id and result', async () => {
  const handle = await system.start('web/clip.mp4', { source: sample('clip.mp4'), branch: { type: 'embed' } });
  const status = (await handle.result()) as LifecycleStatus;
  const { runId } = await handle.describe();
  const page = await browser.newPage({ viewport: { width: 1500, height: 1400 } });

  await page.goto(`${pageOf(handle.workflowId, runId)}/history`);
  await page.getByText('"outcome": "completed"').first().waitFor();
  const body = page.locator('body');
  const text = await body.innerText();
  expect(text).toContain(handle.workflowId);
  expect(text).toContain(`"id": "${status.asset?.id}"`);
  expect(text).toContain(`"id": "${status.branch?.id}"`);
  expect(text).toContain('"uri": "file:///');
  await page.screenshot({ path: path.join(SCREENSHOTS, 'run.png') });

  await page.goto(`${pageOf(handle.workflowId, runId)}/search-attributes`);
  await page.getByText('AssetPhase').first().waitFor();
  const attributes = await body.innerText();
  expect(attributes).toContain('"AssetPhase": "completed"');
  expect(attributes).toContain(status.asset?.id);
  await page.screenshot({ path: path.join(SCREENSHOTS, 'search-attributes.png') });
});

test('the page of a waiting run says what happens and what a cancel would do', async () => {
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  const handle = await system.start('web/waiting.jpg', { source: sample('portrait-1.jpg') });
  const { runId } = await handle.describe();
  await untilStatus(handle, ({ phase }) => phase === 'processing'); // the page asks once
  const page = await browser.newPage({ viewport: { width: 1500, height: 1000 } });
  await page.goto(`${pageOf(handle.workflowId, runId)}/user-metadata`);
  const details = page.locator('iframe').last().contentFrame(); // Markdown is shown in a frame of its own
  await details.getByText('waiting until the provider has processed the asset').waitFor();
  await details.getByText('A cancel now deletes what was made').waitFor();
  await page.screenshot({ path: path.join(SCREENSHOTS, 'waiting.png') });
  await handle.signal('cancel');
  await handle.result();
});
