import { createLocalActivities } from '../../../src/activities/create-activities';
import { lifecycleWorkflowId } from '../../../src/contracts/ids';
import { embedsAtOnce } from '../../../src/providers/twelvelabs/branches/embed-rules';
import { OWNER } from '../../support/activity-dependencies';

const activities = createLocalActivities({ owner: OWNER, sourceQueues: { find: async () => undefined } });
const accepting = (path: string, branch: object, more: object = {}) =>
  activities.acceptInput(
    { source: { type: 'file', path }, branch: { type: 'embed', ...branch }, ...more },
    lifecycleWorkflowId('twelvelabs', 'k'),
  );

test.each<[string, string, object, string]>([
  [
    'transcription by marengo3.5',
    '/a.mp4',
    { model: 'marengo3.5', options: ['audio', 'transcription'] },
    'branch.options: "transcription" needs the model marengo3.0',
  ],
  ['sound of an image', '/a.png', { options: ['audio', 'transcription'] }, 'branch.options: of image there is only'],
  ['clips of an image', '/a.png', { model: 'marengo3.5', scopes: ['clip'] }, 'branch.scopes: of image there is only'],
  ['pictures of audio', '/a.mp3', { options: ['visual'] }, 'branch.options: of audio there is only'],
])('%s is refused before anything is uploaded', async (_what, path, branch, words) => {
  await expect(accepting(path, branch)).rejects.toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringContaining(words),
  });
});

test.each<[string, string, object, object]>([
  ['some of the options', '/a.png', { options: ['visual', 'audio'], scopes: ['clip', 'asset'] }, {}],
  ['a kind that the name does not tell', '/a.unknown', { options: ['audio'], scopes: ['clip'] }, {}],
  ['transcription by marengo3.0', '/a.mp4', { options: ['transcription'] }, {}],
  ['a name at the provider that tells another kind', '/a.mp3', { options: ['visual'] }, { filename: 'a.mp4' }],
])('%s is accepted', async (_what, path, branch, more) => {
  await expect(accepting(path, branch, more)).resolves.toMatchObject({ branches: [branch] });
});

test('only images with marengo3.0 are embedded at once', () => {
  const branch = { type: 'embed' } as const;
  expect(embedsAtOnce('image/png', { ...branch, model: 'marengo3.0' })).toBe(true);
  expect(embedsAtOnce('image/png', { ...branch, model: 'marengo3.5' })).toBe(false);
  expect(embedsAtOnce('video/mp4', { ...branch, model: 'marengo3.0' })).toBe(false);
  expect(embedsAtOnce(undefined, { ...branch, model: 'marengo3.0' })).toBe(false);
});
