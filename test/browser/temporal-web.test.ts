import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import type { Browser } from 'playwright-core';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { batchWorkflowId } from '../../src/contracts/ids';
import { writeAtRest } from '../support/media/files-at-rest';
import { launchBrowser } from '../support/system/browser';
import { SAMPLES, sample, System, untilStatus } from '../support/system/system';
import { until } from '../support/until';

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

test('the pages of a batch and its group say how far they are, and what failed', async () => {
  await system.control.setProcessing({ baseMs: 100, msPerMegabyte: 0 });
  const folder = path.join(system.folder, 'spring');
  await mkdir(folder);
  await writeAtRest(path.join(folder, 'a.jpg'), await readFile(path.join(SAMPLES, 'portrait-1.jpg')));
  await writeAtRest(path.join(folder, 'broken.mp4'), 'no video');
  const { batches } = system.lifecycles;
  await batches.start({ batchId: 'spring', items: { type: 'folder', path: folder } });
  await batches.result('spring');
  const runs = await until(async () => {
    const found: WorkflowExecutionInfo[] = [];
    for await (const run of system.client.workflow.list({ query: 'AssetBatch = "spring"' })) found.push(run);
    return found.length === 2 && found; // visibility lags
  });
  const [batch, group] = ['assetBatch', 'assetGroup'].map((type) => runs.find((run) => run.type === type));
  expect(batch?.workflowId).toBe(batchWorkflowId('spring'));

  const page = await browser.newPage({ viewport: { width: 1500, height: 1000 } });
  const details = page.locator('iframe').last().contentFrame();
  for (const [run, words] of [
    [batch, 'not every item has completed; start it again to go on with those that have not'],
    [group, 'of the batch'],
  ] as const) {
    await page.goto(`${pageOf(run?.workflowId ?? '', run?.runId ?? '')}/user-metadata`);
    await details.getByText(words).first().waitFor();
    await details.getByText('items: 2 (1 completed, 1 failed)').waitFor();
    await details.getByText('broken.mp4').first().waitFor();
    await page.screenshot({ path: path.join(SCREENSHOTS, `${run?.type}.png`) });
  }
});
