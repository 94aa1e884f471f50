import { branchScenarios } from './branches';
import { failureScenarios } from './failures';
import { ledgerScenarios } from './ledger';
import type { Scenario } from './recording';
import { stopScenarios } from './stops';
import { uploadScenarios } from './uploads';

/**
 * Every branch, upload, stop and failure. A name with a slash says the workflow's type, any other is a lifecycle. The
 * sweeps come last: they find what the scenarios before them left behind.
 */
export const scenarios: Record<string, Scenario> = {
  ...branchScenarios,
  ...uploadScenarios,
  ...stopScenarios,
  ...failureScenarios,
  ...ledgerScenarios,
};
