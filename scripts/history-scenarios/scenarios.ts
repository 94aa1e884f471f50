import { batchScenarios } from './batches';
import { branchScenarios } from './branches';
import { failureScenarios } from './failures';
import { ledgerScenarios } from './ledger';
import type { Scenario } from './recording';
import { stopScenarios } from './stops';
import { uploadScenarios } from './uploads';

/**
 * Every branch, upload, stop and failure, and batches. A name with a slash says the workflow's type, any other is a lifecycle.
 * Deletions and sweeps come first: later scenarios put the provider's clock forward, and a sweep leaves alone every asset
 * that is younger than its clock.
 */
export const scenarios: Record<string, Scenario> = {
  ...ledgerScenarios,
  ...batchScenarios,
  ...branchScenarios,
  ...uploadScenarios,
  ...stopScenarios,
  ...failureScenarios,
};
