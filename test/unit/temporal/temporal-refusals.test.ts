import { Client, Connection } from '@temporalio/client';
import { connectTemporal } from '../../../src/temporal/connection';
import { InvalidInput, LifecycleClientError, TemporalRefused, TemporalUnreachable } from '../../../src/temporal/errors';
import { LifecycleClient } from '../../../src/client/lifecycle-client';
import { refusingServer, type RefusingServer } from '../../support/servers/grpc-refusals';

let server: RefusingServer;
let client: LifecycleClient;
beforeAll(async () => {
  server = await refusingServer();
  const connection = await Connection.connect({ address: server.address });
  const temporal = { client: new Client({ connection }), address: server.address, namespace: 'shop' };
  client = await LifecycleClient.connect({ temporal });
});
afterAll(async () => {
  await client.close();
  await server.close();
});

const first = async (list: AsyncIterable<unknown>): Promise<unknown> => {
  for await (const one of list) return one;
  return undefined;
};

const CALLS: [string, () => Promise<unknown>][] = [
  ['start', () => client.start({ source: { type: 'asset', assetId: 'a1' } })],
  ['get', () => client.get('k')],
  ['status', () => client.status('k')],
  ['watch', () => first(client.watch('k'))],
  ['result', () => client.result('k')],
  ['cancel', () => client.cancel('k')],
  ['forceDelete', () => client.forceDelete('k')],
  ['sweep', () => client.sweep()],
  ['list', () => first(client.list({ query: 'nonsense' }))],
];

const errorOf = async (call: () => Promise<unknown>): Promise<LifecycleClientError> => {
  const error: unknown = await call().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LifecycleClientError);
  const { message } = error as LifecycleClientError;
  expect(message.split('\n')).toHaveLength(1);
  expect(message).toContain(server.address);
  return error as LifecycleClientError;
};

describe.each(CALLS)('%s', (_name, call) => {
  test.each([
    ['permission', 7],
    ['authentication', 16],
  ])('that is refused for want of %s is TemporalRefused', async (_why, code) => {
    Object.assign(server.answer, { code, message: 'Request unauthorized.' });
    const error = await errorOf(call);
    expect(error).toBeInstanceOf(TemporalRefused);
    expect(error.message).toMatch(
      /refuses this client in namespace "shop" \(Request unauthorized\.\); check TEMPORAL_API_KEY/,
    );
  });

  test('in a namespace that does not exist is InvalidInput that names it', async () => {
    Object.assign(server.answer, { code: 5, message: 'Namespace shop is not found.' });
    const error = await errorOf(call);
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toMatch(/has no namespace "shop"; set TEMPORAL_NAMESPACE/);
  });

  test('that the server finds wrong is InvalidInput in the server’s words', async () => {
    Object.assign(server.answer, { code: 3, message: 'invalid query: nonsense' });
    const error = await errorOf(call);
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toMatch(/invalid query: nonsense$/);
  });
});

test('a server that does not answer is TemporalUnreachable, and not refused', async () => {
  const environment = process.env.TEMPORAL_ADDRESS;
  process.env.TEMPORAL_ADDRESS = '127.0.0.1:1';
  try {
    await expect(connectTemporal()).rejects.toThrow(TemporalUnreachable);
  } finally {
    if (environment === undefined) delete process.env.TEMPORAL_ADDRESS;
    else process.env.TEMPORAL_ADDRESS = environment;
  }
});
