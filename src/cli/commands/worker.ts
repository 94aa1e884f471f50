import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import { openAccounts, type OpenedAccounts } from '../../providers/open-account';
import { declarationOf, PROVIDERS } from '../../providers/registry';
import { loadConfig, type Config } from '../../config';
import type { MediaProvider } from '../../providers/media-provider';
import { WorkAbandoned } from '../../temporal/work-abandoned';
import { action, commandSurroundings, namingTheServer, untilStopped } from '../context';
import { EXIT } from '../exit';
import { note, printJson } from '../output';

/**
 * The heap is collected once it is by so much, in percent, larger than what was in use. Node lets it grow to several times
 * that where a machine has much memory: with ten thousand items waiting, a worker then held 850 MB, most of it long unused.
 */
const HEAP_GROWTH = 30;

export const workerCommand = (): Command =>
  new Command('worker')
    .summary('run a worker')
    .description(
      'Serves every provider whose credentials are set, until it is told to stop; then held waits are handed back and ' +
        'calls in flight finish.',
    )
    .option('--json', 'print the ready line as JSON')
    .addHelpText(
      'after',
      `\nExample:\n  $ ${PROVIDERS[0].credentials[0]}=… ASSET_LIFECYCLE_SOURCE_ROOTS=/media asset-lifecycle worker`,
    )
    .action(
      action(async ({ json }: { json?: boolean }) => {
        setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`);
        const { connectWorker, startWorker } = await import('../../worker.js');
        const { installWorkerLog } = await import('../../stack/worker-log.js');
        const { environment, temporal: server } = await commandSurroundings('worker');
        const config = loadConfig(environment);
        const { accounts, notServed } = await openAccounts(config); // refuses before anything is connected
        installWorkerLog({ write: note });
        const temporal = await connectWorker(server);
        try {
          const settings = { config, providers: accounts, temporal, onNotice: note };
          const worker = await namingTheServer(temporal, () => startWorker(settings));
          const at = baseUrlsOf(accounts, config);
          if (json)
            printJson({ ready: 'worker', temporal: temporal.address, providers: at, notServed: whyNot(notServed) });
          else {
            for (const { title, because } of notServed) note(`${title} is not served: ${because}`);
            note(`worker ready: Temporal ${temporal.address}, ${hostsOf(at)}`);
          }
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

/** URLs of the served providers' APIs, by name. */
const baseUrlsOf = (accounts: readonly MediaProvider[], { providers }: Config): Record<string, string> =>
  Object.fromEntries(accounts.map(({ name }) => [name, declarationOf(name).baseUrl(providers[name])]));

const hostsOf = (baseUrls: Record<string, string>): string =>
  Object.entries(baseUrls)
    .map(([name, url]) => `${declarationOf(name).title} at ${new URL(url).host}`)
    .join(', ');

const whyNot = (notServed: OpenedAccounts['notServed']): Record<string, string> =>
  Object.fromEntries(notServed.map(({ name, because }) => [name, because]));
