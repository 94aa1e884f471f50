import { Command } from 'commander';
import { openAccount } from '../../providers/open-account';
import { declarationOf, PROVIDERS } from '../../providers/registry';
import { loadConfig } from '../../config';
import { WorkAbandoned } from '../../temporal/work-abandoned';
import { action, commandSurroundings, namingTheServer, untilStopped } from '../context';
import { EXIT } from '../exit';
import { note, printJson } from '../output';

export const workerCommand = (): Command =>
  new Command('worker')
    .summary('run a worker')
    .description('Runs a worker until it is told to stop; then held waits are handed back and calls in flight finish.')
    .option('--json', 'print the ready line as JSON')
    .addHelpText(
      'after',
      `\nExample:\n  $ ${PROVIDERS[0].credentials[0]}=… ASSET_LIFECYCLE_SOURCE_ROOTS=/media asset-lifecycle worker`,
    )
    .action(
      action(async ({ json }: { json?: boolean }) => {
        const { connectWorker, startWorker } = await import('../../worker.js');
        const { installWorkerLog } = await import('../../stack/worker-log.js');
        const { environment, temporal: at } = await commandSurroundings('worker');
        const config = loadConfig(environment);
        const provider = await openAccount(config); // refuses without a key before anything is connected
        installWorkerLog({ write: note });
        const temporal = await connectWorker(at);
        try {
          const settings = { config, providers: [provider], temporal, onNotice: note };
          const worker = await namingTheServer(temporal, () => startWorker(settings));
          const baseUrl = declarationOf(provider.name).baseUrl(config.providers[provider.name]);
          if (json) printJson({ ready: 'worker', temporal: temporal.address, provider: baseUrl });
          else note(`worker ready: Temporal ${temporal.address}, provider ${new URL(baseUrl).host}`);
          await Promise.race([untilStopped(), worker.done]);
          if (!json) note('stopping …');
          await worker.stop();
        } catch (error) {
          if (!(error instanceof WorkAbandoned)) throw error;
          note(error.message);
          process.exit(EXIT.lifecycleFailed); // what was abandoned would keep this process alive
        } finally {
          await temporal.connection.close().catch(() => {}); // the process ends; the error that ends it is the one to tell
        }
      }),
    );
