import { failed } from '../../../src/providers/outcome';
import type { BatchPlace } from './batch-place';

/** Each submission waits for its turn; gives the names that have come, and what lets one go. */
export function holdSubmissions(place: BatchPlace): { came: string[]; letGo: (names?: RegExp, error?: Error) => void } {
  const { intake } = place.provider;
  const submit = intake.submit.bind(intake);
  const waiting = new Map<string, (error?: Error) => void>();
  const came: string[] = [];
  intake.submit = async ([item, ...more], options) => {
    if (!item || more.length > 0) throw new Error('one at a time');
    came.push(item.filename);
    const error = await new Promise<Error | undefined>((resolve) => waiting.set(item.filename, resolve));
    return error ? [failed(error)] : submit([item], options);
  };
  const letGo = (names = /./, error?: Error): void => {
    for (const [name, end] of waiting) if (names.test(name) && waiting.delete(name)) end(error);
  };
  return { came, letGo };
}
