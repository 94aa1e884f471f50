import { CATEGORIES, type Category } from '../rate-limits';
import { embedNow } from '../rules/embed/sync';
import { createTask, listTasks, taskView } from '../rules/embed/tasks';
import type { Emulation } from '../rules/emulation';
import type { ApiCall } from '../../shared/server/routed-api';
import type { Api } from './api';

const nested = { nestedErrors: true };

/** Source: `/embed-v2`: `create`; `/embed-v2/tasks`: `create`, `list`, `retrieve`. */
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
        const { id, plan } = await createTask(emulation, body);
        const metadata = plan.dimension === undefined ? {} : { metadata: { embedding_dimension: plan.dimension } };
        return { status: 202, body: { _id: id, status: 'processing', data: null, ...metadata } };
      },
    { ...nested, category: categoryOf },
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

/** The kind of input decides which counter a request is on; one that is about to be refused is on that of text. */
const categoryOf = ({ body }: ApiCall): Category => {
  const type = (body as { input_type?: unknown } | undefined)?.input_type;
  return CATEGORIES.find((category) => category === `embed-${String(type)}`) ?? 'embed-text';
};
