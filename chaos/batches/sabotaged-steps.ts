import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { GroupStepInput } from '../../src/contracts/batch/groups';
import { createFolderSharedFiles } from '../../src/storage/batches/folder-shared-files';
import { createItemOutcomes } from '../../src/storage/batches/item-outcomes';

/** Guards of batches that can be taken out of the worker's activities. */
export const BATCH_SABOTAGES = [
  /** Claims of keys are forgotten whenever something is to be submitted. */
  'forgets-claims',
  /** An item is told to have completed with the asset of another. */
  'second-outcome',
] as const;

/** @param results folder of the worker's result store; @param owner id of its namespace */
export function sabotagedSteps(
  sabotage: string | undefined,
  { results, owner }: { results: string; owner: string },
): ActivityInterceptorsFactory[] {
  switch (sabotage) {
    case 'forgets-claims':
      return [
        ({ info }) => ({
          inbound: {
            async execute(input, next) {
              const submits = ['submitItems', 'submitSource'].includes(info.activityType);
              if (submits) await rm(path.join(results, 'claims'), { recursive: true, force: true });
              return next(input);
            },
          },
        }),
      ];
    case 'second-outcome':
      return [
        ({ info }) => ({
          inbound: {
            async execute(input, next) {
              const answer = await next(input);
              const [step] = input.args as [GroupStepInput];
              if (info.activityType === 'releaseItems') await swapAssets(results, owner, step);
              return answer;
            },
          },
        }),
      ];
    default:
      return [];
  }
}

async function swapAssets(results: string, owner: string, { batchId, from, end }: GroupStepInput): Promise<void> {
  const outcomes = createItemOutcomes(createFolderSharedFiles(results), { owner, batchId });
  const [first, second] = [...(await outcomes.read({ from, end })).values()].filter(({ asset }) => asset);
  if (first && second) await outcomes.write({ from, end }, [{ ...first, asset: second.asset }]);
}
