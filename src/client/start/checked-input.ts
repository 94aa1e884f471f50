import { InvalidInput } from '../../temporal/errors';

/** What a check gives. @throws InvalidInput in the words of its failure */
export function checkedInput<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new InvalidInput((error as Error).message, { cause: error });
  }
}
