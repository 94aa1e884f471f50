import type { AllActivities } from '../../../src/contracts/activities';
import { callTaskQueue, fileTaskQueue, objectTaskQueue, waitTaskQueue } from '../../../src/contracts/ids';
import { providerQueues } from '../../../src/temporal/provider-queues';

const NAME = 'twelvelabs';
const slots = { calls: 50, waits: 5000, uploads: 10, objects: 50 };

function slotsOf(gathers: boolean, given = slots): Map<string | undefined, number | undefined> {
  const queues = providerQueues({ name: NAME, gathers }, { roots: ['/media'], slots: given }, {} as AllActivities);
  return new Map(queues.map((one) => [one.taskQueue, one.maxConcurrentActivityTaskExecutions]));
}

test('submissions that share a request have room to wait for each other; other queues keep their slots', () => {
  const gathering = slotsOf(true);
  const queues = [fileTaskQueue(NAME), fileTaskQueue(NAME, '/media'), objectTaskQueue(NAME)];
  expect(queues.map((queue) => gathering.get(queue))).toEqual([500, 500, 500]);
  expect([callTaskQueue(NAME), waitTaskQueue(NAME)].map((queue) => gathering.get(queue))).toEqual([50, 5000]);
});

test('more slots than that are kept, and without sharing there are as many as were given', () => {
  expect(slotsOf(true, { ...slots, uploads: 900 }).get(fileTaskQueue(NAME))).toBe(900);
  expect(slotsOf(false).get(fileTaskQueue(NAME))).toBe(10);
  expect(slotsOf(false).get(objectTaskQueue(NAME))).toBe(50);
});
