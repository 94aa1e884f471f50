import type { AssetQuery, MediaProvider } from '../src/providers/media-provider';
import { openAccount } from '../src/accounts';
import { loadConfig } from '../src/config';
import { connectWorker, startWorker } from '../src/worker';

/**
 * The worker of the explorer: the product's own, and on request one with a promise broken, so that the explorer can be
 * shown to notice. `CHAOS_BLIND=1` never finds anything by its tag; `CHAOS_WORKFLOWS` is another bundle of workflows.
 */
async function main(): Promise<void> {
  const config = loadConfig();
  const account = await openAccount(config);
  const worker = await startWorker({
    config,
    provider: process.env.CHAOS_BLIND === '1' ? blind(account) : account,
    temporal: await connectWorker(),
    workflowBundle: process.env.CHAOS_WORKFLOWS,
  });
  process.once('SIGTERM', () => void worker.stop().then(() => process.exit(0)));
  console.error('worker ready');
  await worker.done;
}

/** Looks for tags narrow the list by filename; to a blind provider that finds nothing. */
function blind<P extends MediaProvider>(provider: P): P {
  const nothing = { items: [], page: 1, totalPages: 0, totalItems: 0 };
  const listAssets = async (query: AssetQuery, ...rest: [never?]) =>
    query.filename === undefined ? provider.listAssets(query, ...rest) : nothing;
  return { ...provider, listAssets, findEntities: async () => [] };
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
