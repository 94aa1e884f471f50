import { bar, note } from '../../output';
import { isTerminal, outputClosed, printable } from '../../terminal';

export interface Step {
  /** 0 to 100; absent where the whole is not known. */
  percent?: number;
  text: string;
}

/** What a long command runs with. */
interface Running {
  show: (step: Step) => void;
  /** Aborted by Ctrl-C, SIGTERM, or once nobody reads the output any more. */
  signal: AbortSignal;
}

/** Runs something long and shows how far it is: a bar on a terminal, a line every ten percent in a pipe. */
export async function withProgress<T>(
  title: string,
  { quiet }: { quiet: boolean },
  run: (running: Running) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  for (const name of SIGNALS) process.once(name, onSignal); // a second one ends the process
  try {
    const signal = AbortSignal.any([stop.signal, outputClosed]);
    return await shown(title, quiet, (show) => run({ show, signal }));
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

async function shown<T>(title: string, quiet: boolean, run: (show: Running['show']) => Promise<T>): Promise<T> {
  if (quiet) return run(() => {});
  if (!isTerminal()) return run(tenths((text) => note(`${title}: ${text}`)));
  const { Listr } = await import('listr2');
  let result: { value: T } | undefined;
  await new Listr(
    [
      {
        title: printable(title),
        task: async (_context, task) => {
          const show = ({ percent, text }: Step): void => {
            task.title = printable(`${title} ${percent === undefined ? '' : bar(percent)}${text}`);
          };
          result = { value: await run(show) };
        },
      },
    ],
    { rendererOptions: { showErrorMessage: false }, registerSignalListeners: false },
  ).run();
  if (!result) throw new Error(`${title}: nothing came of it`);
  return result.value;
}

/** Where the whole is not known, a line comes whenever the count has doubled. */
function tenths(write: (text: string) => void): (step: Step) => void {
  let shown = -1;
  let steps = 0;
  return ({ percent, text }) => {
    steps += 1;
    const tenth = percent === undefined ? Math.floor(Math.log2(steps)) : Math.floor(percent / 10);
    if (tenth === shown) return;
    shown = tenth;
    write(text);
  };
}
