import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { launchBrowser } from '../support/system/browser';
import { DATASET, PROVIDER, ViSystem } from '../support/system/vi-system';

jest.setTimeout(180_000);
const SCREENSHOTS = path.resolve(__dirname, '../../dist/screenshots');

let system: ViSystem;
let browser: Browser;
beforeAll(async () => {
  system = await ViSystem.start();
  browser = await launchBrowser();
  await mkdir(SCREENSHOTS, { recursive: true });
});
afterAll(async () => {
  await browser?.close();
  await system?.close();
});

const pageOf = (workflowId: string, runId: string): string =>
  `${system.temporal.uiUrl}/namespaces/${system.temporal.namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}`;

test('the page of a run in a dataset shows provider, dataset and session', async () => {
  const handle = await system.start('web/picture.jpg', { source: await system.picture('picture.jpg') });
  const status = (await handle.result()) as LifecycleStatus;
  const { runId } = await handle.describe();
  const page = await browser.newPage({ viewport: { width: 1500, height: 1000 } });

  await page.goto(`${pageOf(handle.workflowId, runId)}/user-metadata`);
  const details = page.locator('iframe').last().contentFrame(); // Markdown is shown in a frame of its own
  await details.getByText(`provider: ${PROVIDER}, datasetId ${DATASET}`).waitFor();
  await details.getByText(`session: ${status.ingestion?.id}`).waitFor();
  await page.screenshot({ path: path.join(SCREENSHOTS, 'dataset.png') });

  await page.goto(`${pageOf(handle.workflowId, runId)}/history`);
  await page.getByText('"outcome": "completed"').first().waitFor();
  const text = await page.locator('body').innerText();
  expect(text).toContain(`"provider": "${PROVIDER}"`);
  expect(text).toContain(`"datasetId": "${DATASET}"`);
  expect(text).toContain(`"id": "${status.ingestion?.id}"`);

  await page.goto(`${pageOf(handle.workflowId, runId)}/search-attributes`);
  await page.getByText('AssetProvider').first().waitFor();
  expect(await page.locator('body').innerText()).toContain(`"AssetProvider": "${PROVIDER}"`);
});
