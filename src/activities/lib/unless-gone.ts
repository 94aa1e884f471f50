import { failureType } from '../../contracts/failures';

/** The answer, or `undefined` where the provider does not know (any more) what it was asked about. */
export async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (failureType(error) === 'ResourceGone') return undefined;
    throw error;
  }
}
