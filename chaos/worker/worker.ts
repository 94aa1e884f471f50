import { openAccounts } from '../../src/providers/open-account';
import { loadConfig } from '../../src/config';
import { connectWorker, startWorker } from '../../src/worker';
import { sabotagedActivities, sabotagedProvider } from '../sabotage';
import { sabotagedSteps } from '../batches/sabotaged-steps';
import { groupSizes } from './group-sizes';

/**
 * The worker of the explorer: the product's own, and on request one with a guard taken out, see `sabotage.ts`
 * (`CHAOS_SABOTAGE`, and `CHAOS_OWNER`, the id of its namespace), or with another bundle of workflows (`CHAOS_WORKFLOWS`).
 */
async function main(): Promise<void> {
  const { CHAOS_SABOTAGE: sabotage, CHAOS_WORKFLOWS: workflowBundle } = process.env;
  const config = loadConfig();
  const { accounts } = await openAccounts(config);
  const providers = accounts.map((account) => sabotagedProvider(account, sabotage));
  const [provider] = providers;
  if (!provider) throw new Error('there is no account');
  const temporal = await connectWorker();
  const { CHAOS_OWNER: owner = '', ASSET_LIFECYCLE_RESULTS: results = '' } = process.env;
  const activity = [
    groupSizes,
    ...sabotagedActivities(temporal, provider, sabotage),
    ...sabotagedSteps(sabotage, { owner, results }),
  ];
  const overrides = { interceptors: { activity } };
  const worker = await startWorker({ config, providers, temporal, workflowBundle, overrides });
  process.once('SIGTERM', () => void worker.stop().then(() => process.exit(0)));
  console.error('worker ready');
  await worker.done;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
