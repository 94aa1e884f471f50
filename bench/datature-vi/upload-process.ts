import { inDataset } from './vi-emulator';

/**
 * Uploads a small file, says that it is ready, and then uploads a large one, once a line comes: `node upload-process.js
 * <dataset> <small> <large>`. Its memory can be watched from outside.
 */
async function main([dataset = '', small = '', large = '']: string[]): Promise<void> {
  await inDataset(process.env, dataset, async ({ assets }) => {
    await assets.upload(small, { wait: false });
    console.log('ready');
    await new Promise((resolve) => process.stdin.once('data', resolve));
    const started = performance.now();
    const { totalFailed, summary } = await assets.upload(large, { wait: false });
    if (totalFailed > 0) throw new Error(summary());
    console.log(`seconds ${(performance.now() - started) / 1000}`);
  });
  process.exit();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
