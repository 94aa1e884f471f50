import {
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  type LogEntry,
  type RuntimeOptions,
} from '@temporalio/worker';

/** Messages of the SDK in normal operation, on which an operator need not act. */
const EXPECTED = [
  /^No workflows registered, not polling for workflow tasks/, // each queue of ours has one kind of task
  /^Activity not found on completion/, // a cancelled activity ended by itself meanwhile
];

export interface WorkerLogOptions {
  /** Writes one line. The writer must escape it. */
  write: (line: string) => void;
  /** Lowest level that is shown; default: warnings. */
  level?: 'WARN' | 'ERROR';
  /** `false` where the caller stops its workers in an order of its own. */
  stopsOnSignals?: boolean;
}

let installed = false;

/**
 * Shows warnings and errors of the SDK, a line each, and nothing else. Call before the first worker or connection; the
 * runtime is one a process, so that a second call changes nothing.
 */
export function installWorkerLog({ write, level = 'WARN', stopsOnSignals = true }: WorkerLogOptions): void {
  if (installed) return;
  installed = true;
  const logger = new DefaultLogger(level, (entry) => {
    const lines = linesOf(entry);
    for (const line of lines) write(line);
  });
  const options: RuntimeOptions = {
    logger,
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) } },
  };
  Runtime.install(stopsOnSignals ? options : { ...options, shutdownSignals: [] });
}

/** A warning in one line; an error with the trace that it needs. */
export function linesOf({ level, message, timestampNanos, meta = {} }: LogEntry): string[] {
  if (EXPECTED.some((expected) => expected.test(message))) return [];
  const { error, taskQueue, workflowId, activityType, attempt } = meta;
  const about = Object.entries({ taskQueue, workflowId, activityType, attempt }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${String(value)}`],
  );
  const cause = error instanceof Error ? `: ${error.name}: ${error.message}` : '';
  const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
  const line = `${time} ${level} ${message}${cause}${about.length > 0 ? ` (${about.join(', ')})` : ''}`;
  const trace = level === 'ERROR' && error instanceof Error ? (error.stack ?? '').split('\n').slice(1) : [];
  return [line, ...trace];
}
