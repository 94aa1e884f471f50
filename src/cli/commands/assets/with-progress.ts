import { bar, note } from '../../output';
import { isTerminal, outputClosed, printable } from '../../terminal';
import { untilStopped } from '../../context';

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
  void untilStopped().then(() => stop.abort());
  const { signal } = stop;
  if (quiet) return run({ show: () => {}, signal });
  if (!isTerminal()) return run({ show: tenths((text) => note(`${title}: ${text}`)), signal });
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
          result = { value: await run({ show, signal }) };
        },
      },
    ],
    { rendererOptions: { showErrorMessage: false }, registerSignalListeners: false },
  ).run();
  outputClosed.throwIfAborted();
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
