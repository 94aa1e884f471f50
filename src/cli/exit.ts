import { CommanderError } from 'commander';
import { BatchNotFound, InvalidInput, KeyInUse, LifecycleClientError, LifecycleNotFound } from '../temporal/errors';
import { TemporalRefused, TemporalUnreachable } from '../temporal/errors';
import { ConfigError } from '../config-error';
import { failureType, type FailureType } from '../contracts/failures';
import type { LifecycleStatus } from '../contracts/lifecycle-status';
import { ProgramUnavailable } from '../stack/programs';

/** What the commands exit with. */
export const EXIT = { done: 0, lifecycleFailed: 1, badInput: 2, unreachable: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Bad usage or input, in one line for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What a person has to change before another try can work; wrong credentials are among them. */
const BAD_INPUT_ERRORS = [
  UsageError,
  ConfigError,
  InvalidInput,
  KeyInUse,
  LifecycleNotFound,
  BatchNotFound,
  TemporalRefused,
] as const;
const UNREACHABLE: ReadonlySet<FailureType> = new Set(['ProviderUnavailable', 'OutcomeUnknown', 'RateLimited']);
const FINAL: ReadonlySet<FailureType> = new Set(['ResourceGone', 'BlockedByReferences', 'ProviderRejected']);

/** The exit code of an expected error; `undefined` for a bug, which deserves its stack trace. */
export function exitCodeOf(error: unknown): ExitCode | undefined {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
  if (error instanceof TemporalUnreachable || error instanceof ProgramUnavailable) return EXIT.unreachable;
  if (BAD_INPUT_ERRORS.some((mistake) => error instanceof mistake)) return EXIT.badInput;
  if (error instanceof LifecycleClientError) return EXIT.lifecycleFailed;
  if (isFileError(error)) return EXIT.badInput;
  const type = failureType(error);
  if (type === undefined) return undefined;
  if (UNREACHABLE.has(type)) return EXIT.unreachable;
  return FINAL.has(type) ? EXIT.lifecycleFailed : EXIT.badInput;
}

/** The system refused a file or folder that the person named: the message says which, and why. */
const isFileError = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'syscall' in error && (error.syscall === 'uv_cwd' || 'path' in error);

/** 0 for a lifecycle or batch that ended as the command wanted, else 1. */
export const exitCodeOfOutcome = (
  status: Pick<LifecycleStatus, 'outcome'>,
  wanted: LifecycleStatus['outcome'] = 'completed',
): ExitCode => (status.outcome === wanted ? EXIT.done : EXIT.lifecycleFailed);
