import { failure } from '../../../contracts/failures';
import { durationMs } from '../../../contracts/duration';
import type { Lifecycle } from './lifecycle';
import { submitSource } from './submit-source';

/**
 * Waits until the asset is ready. A source of which no asset came is submitted again, as often as the provider's failure
 * makes it worth, within the deadline of the whole wait.
 * @throws the provider's failure, once it is final
 */
export async function untilAssetReady(life: Lifecycle): Promise<void> {
  const deadline = Date.now() + (durationMs(life.input.deadlines.ready) as number);
  for (let submissions = 1; ; submissions++) {
    const heard = await life.steps.untilAssetReady(whatToWaitFor(life), Math.max(deadline - Date.now(), LEAST_WAIT_MS));
    if (!('failed' in heard)) return life.noteReady(heard);

    const { type, message, submissions: worthTrying, ended } = heard.failed;
    life.noteNothingCame(ended);
    if (submissions >= worthTrying || Date.now() >= deadline) throw failure(type, message);

    life.enter('creating');
    await submitSource(life);
    life.enter('processing');
  }
}

/** A source may be submitted again just before the deadline. */
const LEAST_WAIT_MS = 1000;

function whatToWaitFor({ input: { provider }, made, status }: Lifecycle) {
  const pending = made.asset?.pending;
  return pending ? { provider, pending } : { provider, assetId: status.asset?.id };
}
