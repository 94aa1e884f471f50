import { Command, Option } from 'commander';
import type { LifecycleClient } from '../../client/lifecycle-client';
import { CLEANUP_POLICIES, type CleanupPolicy } from '../../contracts/cleanup-policy';
import type { LifecycleStatus } from '../../contracts/lifecycle-status';
import { action, withClient } from '../context';
import { exitCodeOfOutcome, UsageError, type ExitCode } from '../exit';
import { addPlaceFlags, placeFieldsOf, providerOption } from '../flags';
import { follow } from '../follow';
import { describeStatus, note, print, printJson } from '../output';

interface StopFlags {
  reason?: string;
  cleanup?: CleanupPolicy;
  wait?: boolean;
  provider: string;
  json?: boolean;
  /** Flags of the providers' places. */
  [flag: string]: unknown;
}

export const cancelCommand = (): Command =>
  new Command('cancel')
    .summary('stop a lifecycle and clean up as its policy says')
    .argument('<key>', 'the lifecycle’s key')
    .addOption(providerOption())
    .option('--reason <text>', 'kept in the status')
    .addOption(new Option('--cleanup <policy>', 'instead of the input’s own policy').choices(CLEANUP_POLICIES))
    .option('--wait', 'wait for the receipt; exit 1 unless the lifecycle ends as cancelled')
    .option('--json', 'print JSON only')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle cancel movies/intro.mp4 --cleanup keep --wait')
    .action(
      action((key: string, { provider, reason, cleanup, wait, json }: StopFlags) =>
        withClient(async (client) => {
          await client.cancel(key, { reason, cleanup });
          if (!json) note(`asked ${key} to stop`);
          return wait
            ? show(await follow(client, key, json === true), 'cancelled', json)
            : showNow(await client.status(key), json);
        }, provider),
      ),
    );

export const forceDeleteCommand = (): Command => {
  const command = new Command('force-delete')
    .summary('stop a lifecycle and remove everything, by force')
    .description(
      'Stops a running lifecycle, or finds by its tag what a closed one has made, and removes all of it: dependents ' +
        'first, also where others refer to the asset. Harmless to repeat.',
    )
    .argument('<key>', 'the lifecycle’s key')
    .addOption(providerOption());
  addPlaceFlags(command, 'where the asset is; only needed for a key that Temporal does not know any more');
  return command
    .option('--reason <text>', 'kept in the status')
    .option('--wait', 'wait for the receipt; exit 1 unless everything is deleted')
    .option('--json', 'print JSON only')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle force-delete movies/intro.mp4 --wait')
    .action(
      action((key: string, flags: StopFlags) => {
        const place = placeFieldsOf(flags, flags.provider);
        return withClient((client) => forceDelete(client, key, { ...flags, place }), flags.provider);
      }),
    );
};

async function forceDelete(
  client: LifecycleClient,
  key: string,
  { reason, wait, json, place }: StopFlags & { place: object },
) {
  const deletion = await client.forceDelete(key, { reason, ...place });
  const running = deletion.by !== 'assetDeletion';
  if (!json) {
    note(running ? `asked ${key} to stop and to delete` : `deleting what ${key} has made: ${deletion.workflowId}`);
  }
  const isLifecycle = deletion.by === 'assetLifecycle';
  if (isLifecycle && wait) return show(await follow(client, key, json === true), 'deleted', json);
  if (!wait && deletion.known) return showNow(await deletion.status(), json);
  const status = await deletion.result(); // of a key that Temporal does not know, only the provider can tell
  if (status.known === false) {
    throw new UsageError(`no lifecycle has the key "${key}", and no asset carries its tag: there is nothing to delete`);
  }
  return show(status, 'deleted', json);
}

function showNow(status: LifecycleStatus, json = false): void {
  if (json) printJson(status);
}

function show(status: LifecycleStatus, wanted: LifecycleStatus['outcome'], json = false): ExitCode {
  if (json) printJson(status);
  else print(describeStatus(status));
  return exitCodeOfOutcome(status, wanted);
}
