import { SEARCH_ATTRIBUTES } from '../../../src/contracts/ids';
import {
  commandsToAdd,
  searchAttributeProblems,
  type NamespaceServices,
} from '../../../src/temporal/namespace/search-attributes';

const NAMES = Object.values(SEARCH_ATTRIBUTES).map(({ name }) => name);
/** As a SQL database or Temporal Cloud tells them. */
const ALIASES = {
  ...Object.fromEntries(NAMES.slice(0, 7).map((name, index) => [`Keyword0${index + 1}`, name])),
  Int01: 'AssetBytes',
  Datetime01: 'AssetReadyAt',
};
const grpcError = (code: number) => Object.assign(new Error(`${code}`), { code });
const [INVALID_ARGUMENT, PERMISSION_DENIED, UNAVAILABLE] = [3, 7, 14].map(grpcError);

/** A server whose operator service and queries answer so. */
function server(answers: { list?: () => object; count?: (query: string) => void } = {}) {
  const asked: string[] = [];
  const services: Record<keyof NamespaceServices, object> = {
    operatorService: {
      async listSearchAttributes() {
        asked.push('list');
        return answers.list?.() ?? { customAttributes: {} };
      },
    },
    workflowService: {
      async countWorkflowExecutions({ query }: { query: string }) {
        asked.push(query);
        answers.count?.(query);
        return {};
      },
    },
  };
  return { asked, services: services as NamespaceServices };
}

const refusing = (error: Error | undefined) => (): never => {
  throw error;
};

test('a namespace whose aliases name all search attributes is asked nothing more', async () => {
  const { asked, services } = server();
  expect(await searchAttributeProblems(services, 'ns', ALIASES)).toEqual({ missing: [], mistyped: [] });
  expect(asked).toEqual([]);
});

test('without aliases, as on Elasticsearch, the operator service lists them with their types', async () => {
  const { services } = server({ list: () => ({ customAttributes: { AssetKey: 2, AssetBytes: 2 } }) });
  expect(await searchAttributeProblems(services, 'ns', {})).toEqual({
    missing: NAMES.filter((name) => name !== 'AssetKey' && name !== 'AssetBytes'),
    mistyped: ['AssetBytes is of another type, and must be Int'],
  });
});

test('where the operator service is refused too, each is tried in a query', async () => {
  const { asked, services } = server({
    list: refusing(PERMISSION_DENIED),
    count: (query) => {
      if (query.startsWith('AssetId ')) throw INVALID_ARGUMENT;
    },
  });
  expect(await searchAttributeProblems(services, 'ns', {})).toEqual({ missing: ['AssetId'], mistyped: [] });
  expect(asked).toEqual(['list', ...NAMES.map((name) => `${name} IS NULL`)]);
});

test('a server that does not answer is no server that lacks attributes', async () => {
  const silent = server({ list: refusing(UNAVAILABLE) });
  await expect(searchAttributeProblems(silent.services, 'ns', {})).rejects.toBe(UNAVAILABLE);
  const half = server({ list: refusing(PERMISSION_DENIED), count: refusing(UNAVAILABLE) });
  await expect(searchAttributeProblems(half.services, 'ns', {})).rejects.toBe(UNAVAILABLE);
});

test('an attribute of another type is told of', async () => {
  const { Int01, ...others } = ALIASES;
  const { services } = server();
  expect(await searchAttributeProblems(services, 'ns', { ...others, Keyword08: Int01 })).toEqual({
    missing: [],
    mistyped: ['AssetBytes is of type Keyword, and must be Int'],
  });
});

test('the commands name only what is missing, with its type', () => {
  expect(commandsToAdd('ns', ['AssetBytes', 'AssetKey'], 'host:7233')).toEqual([
    'temporal operator search-attribute create --address host:7233 --namespace ns --name AssetKey --type Keyword --name AssetBytes --type Int',
    'tcld namespace search-attributes add --namespace ns --search-attribute "AssetKey=Keyword" --search-attribute "AssetBytes=Int"',
  ]);
});
