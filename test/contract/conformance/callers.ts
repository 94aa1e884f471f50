import { SubmissionAborted } from '../../../src/providers/outcome';
import { assetIdOf, idsWith, submissionOf, valueOf, wordsOf, type Current } from './harness';

/** As many callers as a test has where a submission takes more. */
const MANY = 20;

/** Callers that submit at the same time, whether or not their items share a request. */
export function describeCallers(current: Current): void {
  test('callers who submit at once get the outcomes of their own items', async () => {
    const harness = current();
    const { itemsPerSubmission } = harness.provider.traits;
    const keys = Array.from({ length: Math.min(itemsPerSubmission, MANY) + 2 }, (_, at) => `k${at}`);
    const made = await Promise.all(
      keys.map(async (key) => {
        const [outcome, ...others] = await harness.provider.intake.submit([submissionOf(harness, key)]);
        expect(others).toEqual([]);
        return assetIdOf(harness, valueOf(outcome));
      }),
    );
    for (const [at, key] of keys.entries()) expect(await idsWith(harness, key)).toEqual([made[at]]);
  });

  test('the failure of one caller’s item is not told to another', async () => {
    const harness = current();
    const { changes } = await harness.cause('ProviderRejected');
    const { intake } = harness.provider;
    const outcomes = await Promise.all([
      intake.submit([submissionOf(harness, 'bad', changes)]),
      intake.submit([submissionOf(harness, 'good')]),
    ]);
    expect(await wordsOf(harness, outcomes.flat())).toEqual(['ProviderRejected', 'ok']);
  });

  test('a caller who leaves takes nobody along, and its outcome says whether its asset is there', async () => {
    const harness = current();
    const { intake } = harness.provider;
    const leaving = new AbortController();
    const both = [
      intake.submit([submissionOf(harness, 'leaver')], { signal: leaving.signal }),
      intake.submit([submissionOf(harness, 'stays')]),
    ];
    leaving.abort(new Error('the caller has left'));
    const [left, stayed] = (await Promise.all(both)).flat();
    expect(await idsWith(harness, 'stays')).toEqual([await assetIdOf(harness, valueOf(stayed))]);
    if (left?.ok === false) expect(left.error).toBeInstanceOf(SubmissionAborted);
    expect(await idsWith(harness, 'leaver')).toEqual(left?.ok ? [await assetIdOf(harness, left.value)] : []);
  });
}
