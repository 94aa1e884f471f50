import { describeAssets } from './conformance/assets';
import { describeBranches } from './conformance/branches';
import type { BranchName, Harness, StartHarness } from './conformance/harness';
import { describeIntake } from './conformance/intake';
import { describeParts } from './conformance/parts';

/**
 * The promises of the provider port as one suite. It never asks which provider it is: what differs comes from the traits
 * and the harness. A new provider, and every stand-in for one in tests, passes it.
 * @param branches those that the harness has a case for.
 */
export function describeProvider(name: string, start: StartHarness, branches: readonly BranchName[]): void {
  describe(`the provider port: ${name}`, () => {
    let harness: Harness;
    beforeEach(async () => {
      harness = await start();
    });
    afterEach(() => harness.close());
    const current = (): Harness => harness;

    describe('intake', () => describeIntake(current));
    describe('assets and watching', () => describeAssets(current));
    describe('branches', () => describeBranches(current, branches));
    describe('uploads in parts', () => describeParts(current));
  });
}
