import { defaultPayloadConverter } from '@temporalio/common';
import { newsAfter, NO_NEWS } from '../../../src/client/watch/run-news';

type Events = Parameters<typeof newsAfter>[1];
const phase = (said: string) => ({ indexedFields: { AssetPhase: defaultPayloadConverter.toPayload(said) } });
const started = (said: string): Events => [
  { workflowExecutionStartedEventAttributes: { searchAttributes: phase(said) } },
];
const upserted = (said: string): Events => [
  { upsertWorkflowSearchAttributesEventAttributes: { searchAttributes: phase(said) } },
];
const scheduled = (name: string): Events => [{ activityTaskScheduledEventAttributes: { activityType: { name } } }];

test('the phase comes from the attributes that a run is started with, and from those it sets', () => {
  const first = newsAfter(NO_NEWS, started('creating'));
  expect(first).toEqual({ phase: 'creating', uploading: false, closed: false });
  expect(newsAfter(first, upserted('processing')).phase).toBe('processing');
});

test('an upload may be under way from when it is scheduled to the next phase', () => {
  const sending = newsAfter(NO_NEWS, [...started('creating'), ...scheduled('submitSource')]);
  expect(sending.uploading).toBe(true);
  expect(newsAfter(sending, upserted('processing')).uploading).toBe(false);
});

test('attributes without a phase change nothing, and neither does a phase that nobody knows', () => {
  const first = newsAfter(NO_NEWS, started('creating'));
  const other = { indexedFields: { AssetId: defaultPayloadConverter.toPayload('a1') } };
  expect(newsAfter(first, [{ upsertWorkflowSearchAttributesEventAttributes: { searchAttributes: other } }])).toEqual(
    first,
  );
  expect(newsAfter(first, upserted('dancing'))).toEqual(first);
});

test.each([
  'workflowExecutionCompletedEventAttributes',
  'workflowExecutionFailedEventAttributes',
  'workflowExecutionCanceledEventAttributes',
  'workflowExecutionTerminatedEventAttributes',
  'workflowExecutionTimedOutEventAttributes',
  'workflowExecutionContinuedAsNewEventAttributes',
])('%s closes the run', (attributes) => {
  expect(newsAfter(NO_NEWS, [{ [attributes]: {} }]).closed).toBe(true);
});
