import { describeAssets } from './conformance/assets';
import { describeBranches } from './conformance/branches';
import { describeCallers } from './conformance/callers';
import type { Harness, Offers, StartHarness } from './conformance/harness';
import { describeIntake } from './conformance/intake';
import { describeParts } from './conformance/parts';
import { describeWhole } from './conformance/whole';

const ROUTE_WORDS = { url: 'sources by URL', whole: 'files sent whole', parts: 'uploads in parts' } as const;
const ROUTES = ['url', 'whole', 'parts'] as const;
const EFFECTS = ['free', 'create', 'join'] as const;

/**
 * The promises of the provider port as one suite. It never asks which provider it is: what differs comes from the traits
 * and the harness. A new provider, and every stand-in for one in tests, passes it.
 * @param offers what the provider has; the title names what is left out.
 */
export function describeProvider(name: string, start: StartHarness, offers: Offers): void {
  const { routes, branches, marksAssets } = offers;
  const missing = leftOut(offers);
  describe(`the provider port: ${name}${missing.length > 0 ? ` (without ${missing.join(', ')})` : ''}`, () => {
    let harness: Harness;
    beforeEach(async () => {
      harness = await start();
    });
    afterEach(() => harness.close());
    const current = (): Harness => harness;

    test('it has the branches and traits that the harness names, and no others', () => {
      const { provider } = harness;
      const named = (list: readonly { type: string }[]) => [...new Set(list.map(({ type }) => type))].toSorted();
      expect(Object.keys(provider.branches).toSorted()).toEqual(named(branches));
      expect(named(harness.branches)).toEqual(named(branches));
      expect(provider.traits.marksAssets).toBe(marksAssets);
    });
    describe('intake', () => describeIntake(current, offers));
    describe('callers at once', () => describeCallers(current));
    describe('assets and watching', () => describeAssets(current, offers));
    if (routes.includes('whole')) describe('files sent whole', () => describeWhole(current));
    if (branches.length > 0) describe('branches', () => describeBranches(current, offers));
    if (routes.includes('parts')) describe('uploads in parts', () => describeParts(current));
  });
}

function leftOut({ routes, branches, marksAssets }: Offers): string[] {
  const missing: string[] = ROUTES.filter((route) => !routes.includes(route)).map((route) => ROUTE_WORDS[route]);
  if (!marksAssets) missing.push('notes on assets');
  if (branches.length === 0) return [...missing, 'branches'];
  const effects = EFFECTS.filter((effect) => !branches.some((branch) => branch.effect === effect));
  return [...missing, ...effects.map((effect) => `branches with the effect ${effect}`)];
}
