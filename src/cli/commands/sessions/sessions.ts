import { Command } from 'commander';
import type { ProviderSessions } from '../../../client/assets/provider-sessions';
import type { Ingestion, IngestionPage } from '../../../providers/ingestions';
import { action } from '../../context';
import { EXIT, type ExitCode } from '../../exit';
import { durationFlag, wholeNumber } from '../../flags';
import { ListPrinter, note, print, printJson } from '../../output';
import { addAccountFlags, withPlace, type AccountFlags } from '../assets/account';
import { detailOfSession, sessionLine, tableOfSessions } from './describe-session';

interface ListFlags extends AccountFlags {
  pageToken?: string;
  pageSize?: number;
  all?: boolean;
}

const listCommand = (): Command =>
  addAccountFlags(new Command('list').summary('list upload sessions'))
    .option('--page-token <token>', 'the page that an earlier one named as the next')
    .option('--page-size <n>', 'sessions of a page, 1 to 100 (default: 10)', wholeNumber('--page-size', 1, 100))
    .option('--all', 'every page from there on, each as it comes')
    .option('--json', 'print a JSON array only')
    .action(
      action((flags: ListFlags) =>
        withPlace(flags, async ({ sessions }) => {
          const { pageToken: from, pageSize, all, json } = flags;
          const printer = new ListPrinter(json === true, tableOfSessions);
          let last: IngestionPage | undefined;
          const one = async function* (): AsyncGenerator<IngestionPage> {
            yield await sessions.list({ from, pageSize });
          };
          const pages = all ? sessions.pages({ from, pageSize }) : one();
          for await (const page of pages) await printer.page((last = page).items);
          await printer.end();
          if (!all && last?.next !== undefined) note(`next: --page-token ${last.next}`);
        }),
      ),
    );

/** A command about one session. Its use gives the session, which is printed. */
const commandOfOne = <F extends AccountFlags>(
  command: Command,
  use: (sessions: ProviderSessions, id: string, flags: F) => Promise<Ingestion>,
  exitCode: (session: Ingestion) => ExitCode = () => EXIT.done,
): Command =>
  addAccountFlags(command.argument('<id>', 'session id'))
    .option('--json', 'print JSON only')
    .action(
      action((id: string, flags: F) =>
        withPlace(flags, async ({ sessions }) => {
          const session = await use(sessions, id, flags);
          if (flags.json) printJson(session);
          else print(detailOfSession(session));
          return exitCode(session);
        }),
      ),
    );

const getCommand = (): Command =>
  commandOfOne(
    new Command('get').summary('show a session with its conditions, events and failed files'),
    (sessions, id) => sessions.get(id),
  );

const waitCommand = (): Command =>
  commandOfOne<AccountFlags & { within?: number }>(
    new Command('wait')
      .summary('wait until a session has ended')
      .option('--within <duration>', 'deadline, such as 30m (default: 1h)', durationFlag('--within'))
      .addHelpText('after', '\nExit code 1 if files failed or none of them came.'),
    (sessions, id, { within, json }) => {
      let shown = '';
      const onLook = (session: Ingestion): void => {
        const line = sessionLine(session);
        if (line !== shown && !json) note(line);
        shown = line;
      };
      return sessions.wait(id, { deadlineMs: within, onLook });
    },
    ({ progress: { total, succeeded } }) => (succeeded === total ? EXIT.done : EXIT.lifecycleFailed),
  );

const cancelCommand = (): Command =>
  commandOfOne(new Command('cancel').summary('end a session; assets that have come stay'), (sessions, id) =>
    sessions.cancel(id),
  );

export const sessionsCommand = (): Command =>
  new Command('sessions')
    .summary('upload sessions at the provider, whoever opened them')
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(waitCommand())
    .addCommand(cancelCommand());
