import { DATABASE_USER } from './postgres';

const HOST = '127.0.0.1';
/** As in the smallest production setups; more shards only make the start slower. */
const SHARDS = 4;
const PLUGIN = 'postgres12';
export const DATABASES = { default: 'temporal', visibility: 'temporal_visibility' } as const;
export const SQL_PLUGIN = PLUGIN;

const SERVICES = ['frontend', 'matching', 'history', 'worker'] as const;
/** Two a service (gRPC and membership), one for the database and one for metrics. */
export const PORTS = SERVICES.length * 2 + 2;

export interface ClusterPorts {
  postgres: number;
  metrics: number;
  /** Of each service, gRPC and membership. */
  services: Record<(typeof SERVICES)[number], { grpc: number; membership: number }>;
}

export function portsOf(free: readonly number[]): ClusterPorts {
  const [postgres = 0, metrics = 0, ...others] = free;
  const services = SERVICES.map((name, index) => [
    name,
    { grpc: others[index * 2] ?? 0, membership: others[index * 2 + 1] ?? 0 },
  ]);
  return { postgres, metrics, services: Object.fromEntries(services) as ClusterPorts['services'] };
}

/** The server's configuration file. JSON is YAML as well. */
export function serverConfig({ postgres, metrics, services }: ClusterPorts): string {
  const sql = (databaseName: string) => ({
    sql: {
      pluginName: PLUGIN,
      databaseName,
      connectAddr: `${HOST}:${postgres}`,
      connectProtocol: 'tcp',
      user: DATABASE_USER,
      password: '',
      maxConns: 20,
      maxIdleConns: 20,
      maxConnLifetime: '1h',
    },
  });
  return JSON.stringify(
    {
      log: { stdout: true, level: 'error' },
      persistence: {
        defaultStore: 'default',
        visibilityStore: 'visibility',
        numHistoryShards: SHARDS,
        datastores: { default: sql(DATABASES.default), visibility: sql(DATABASES.visibility) },
      },
      global: {
        membership: { maxJoinDuration: '30s', broadcastAddress: HOST },
        metrics: { prometheus: { timerType: 'histogram', listenAddress: `${HOST}:${metrics}` } },
      },
      services: Object.fromEntries(
        SERVICES.map((name) => [
          name,
          {
            rpc: { grpcPort: services[name].grpc, membershipPort: services[name].membership, bindOnLocalHost: true },
          },
        ]),
      ),
      clusterMetadata: {
        enableGlobalNamespace: false,
        failoverVersionIncrement: 10,
        masterClusterName: 'active',
        currentClusterName: 'active',
        clusterInformation: {
          active: {
            enabled: true,
            initialFailoverVersion: 1,
            rpcName: 'frontend',
            rpcAddress: `${HOST}:${services.frontend.grpc}`,
          },
        },
      },
      dcRedirectionPolicy: { policy: 'noop' },
    },
    null,
    2,
  );
}
