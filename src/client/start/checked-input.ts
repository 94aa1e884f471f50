import type { LifecycleInput } from '../../providers/registry';
import { InvalidInput } from '../../temporal/errors';

/** Puts the permission into the source, so that the workflow sees it too. */
export function withSignedUrlAllowed(input: LifecycleInput): LifecycleInput {
  const source = input?.source; // not checked yet: it may be anything
  return source?.type === 'url' ? ({ ...input, source: { ...source, allowSignedUrl: true } } as LifecycleInput) : input;
}

/** What a check gives. @throws InvalidInput in the words of its failure */
export function checkedInput<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new InvalidInput((error as Error).message, { cause: error });
  }
}
