import { embedNow } from '../rules/embed/sync';
import { createTask, listTasks, taskView } from '../rules/embed/tasks';
import type { Emulation } from '../rules/emulation';
import type { Api, ApiCall } from './api';

const nested = { nestedErrors: true };

export function embedRoutes(api: Api, emulation: Emulation): void {
  api.route(
    'POST',
    '/embed-v2',
    ({ body }) =>
      async () => ({ status: 200, body: await embedNow(emulation, body) }),
    { ...nested, category: categoryOf },
  );
  api.route(
    'POST',
    '/embed-v2/tasks',
    ({ body }) =>
      async () => {
        const { id } = await createTask(emulation, body);
        return { status: 202, body: { _id: id, status: 'processing', data: null } };
      },
    { ...nested, category: 'embed-media' },
  );
  api.route('GET', '/embed-v2/tasks', ({ query }) => () => ({ status: 200, body: listTasks(emulation, query) }));
  api.route(
    'GET',
    '/embed-v2/tasks/{task_id}',
    ({ params }) =>
      () => ({ status: 200, body: taskView(emulation, params.task_id ?? '') }),
    nested,
  );
}

const categoryOf = ({ body }: ApiCall) => {
  const type = (body as { input_type?: string } | undefined)?.input_type;
  return type === 'video' || type === 'audio' ? 'embed-media' : 'embed-text';
};
