import type { SubmitSourceInput } from '../../contracts/activities';
import { failure } from '../../contracts/failures';
import { mediaRefusal } from '../../providers/registry';
import type { ActivityDependencies } from '../dependencies';
import { FIELD_OF_SOURCE, type Prepared } from './prepare-submission';

/**
 * Looks into the source's content, and refuses what the provider's published limits would refuse after the upload. What
 * cannot be told is let through. A URL is not looked at: only the provider fetches it.
 * @throws InvalidRequest naming the measured and the allowed value
 */
export async function refuseUnfit(
  { media }: ActivityDependencies,
  { input, prepared, signal }: { input: SubmitSourceInput; prepared: Prepared; signal: AbortSignal },
): Promise<void> {
  const { bytes } = prepared;
  if (!input.preflight || !bytes) return;
  const { filename } = prepared.common;
  const { sizeBytes, small } = bytes;
  const facts = await media.factsOf(
    { filename, sizeBytes, small, read: (...range) => bytes.read(...range) },
    { signal },
  );
  const item = facts && { ...facts, filename, sizeBytes, field: FIELD_OF_SOURCE[input.source.type] };
  const refusal = item && mediaRefusal(input, item);
  if (refusal) throw failure('InvalidRequest', refusal);
}
