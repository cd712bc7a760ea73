import { Cluster, Redis } from 'ioredis';
import type { ClusterOptions, RedisOptions } from 'ioredis';
import { inRootContext } from '../host/root-context.js';
import { FailoverConnector } from './failover-connector.js';
import { forgetArguments } from './forget-arguments.js';
import { sendsOnceReady } from './once-ready.js';
import type { RedisSettings } from './redis-settings.js';

/** A client of any topology. */
export type RedisClient = Redis | Cluster;

/** How long a socket may take to end once told to: until then it keeps the process alive. */
const DISCONNECT_TIMEOUT_MS = 200;
const CONNECT_TIMEOUT_MS = 3_000;
const LONGEST_RETRY_DELAY_MS = 500;
const KEEP_ALIVE_MS = 5_000;

/** How long to wait before the next attempt to connect, milliseconds. */
export function retryDelay(attempt: number): number {
  return Math.min(50 * attempt, LONGEST_RETRY_DELAY_MS);
}

/**
 * A client that keeps trying for as long as Redis is away. It reports errors as `error` events.
 * @param options what differs between the clients of a process
 */
export function createRedisClient(settings: RedisSettings, options: RedisOptions): RedisClient {
  // It may be opened within a request, and lives longer: what it hears is nobody's.
  return inRootContext(() => forgetArguments(clientOf(settings, options)));
}

function clientOf(settings: RedisSettings, options: RedisOptions): RedisClient {
  const { topology, db } = settings;
  const common = commonOptions(settings, options);
  if (topology.kind === 'cluster') {
    const cluster = new Cluster([...topology.nodes], clusterOptions(common));
    mendSubscriber(cluster);
    return cluster.on('+node', (node: Redis) => catchLateErrors(connectsInRoot(forgetArguments(node))));
  }
  if (topology.kind === 'single') {
    return catchLateErrors(
      sendsOnceReady(new Redis({ ...common, host: topology.host, port: topology.port, db })),
    );
  }
  const client = new Redis({
    ...common,
    db,
    name: topology.masterName,
    sentinels: topology.sentinels.map(({ host, port }) => ({ host, port })),
    sentinelRetryStrategy: retryDelay,
    sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
    Connector: FailoverConnector,
    // Without these ioredis talks to Sentinels and master in plain text, whatever `tls` says.
    ...(common.tls && { sentinelTLS: common.tls, enableTLSForSentinelMode: true }),
    // Without it a master that freezes rather than dies keeps its clients.
    failoverDetector: true,
  });
  return catchLateErrors(sendsOnceReady(client));
}

function commonOptions(settings: RedisSettings, options: RedisOptions): RedisOptions {
  const tls = tlsOptions(settings);
  return {
    username: settings.username,
    password: settings.password,
    ...(tls && { tls }),
    connectTimeout: CONNECT_TIMEOUT_MS,
    // ioredis keeps a timer this long after a disconnect, even of a socket that is closed already.
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    keepAlive: KEEP_ALIVE_MS,
    retryStrategy: retryDelay,
    // ioredis #2099: with it an accept-then-close outage leaves the client "ready" and every command hangs.
    disableClientInfo: true,
    ...options,
  };
}

/** The clients of a Cluster's nodes connect with the first command that needs them, within the request that sent it. */
function connectsInRoot(node: Redis): Redis {
  const connect = node.connect.bind(node);
  node.connect = (...given) => inRootContext(() => connect(...given));
  return node;
}

/**
 * ioredis listens only for a socket's first error. A TLS socket may emit a second one, such as the server's alert after
 * a reset, which would end the process if nobody listened.
 */
function catchLateErrors(client: Redis): Redis {
  // There is no stream until the first connection is open.
  const listen = (): void => void (client as Partial<Redis>).stream?.on('error', () => undefined);
  return client.on('connect', listen).on('error', listen);
}

/**
 * A Cluster opens a connection for subscriptions with options of its own: it would keep a process that ends open for two seconds, and ask
 * whether it is ready after it was told what to listen to, which Redis refuses.
 */
function mendSubscriber(cluster: Cluster): void {
  const { subscriber } = cluster as unknown as { subscriber: ClusterSubscriber };
  const select = subscriber.selectSubscriber.bind(subscriber);
  subscriber.selectSubscriber = () => {
    select();
    const client = subscriber.getInstance();
    if (client === null) return;
    (client as unknown as Connected).connector.disconnectTimeout = DISCONNECT_TIMEOUT_MS;
    sendsOnceReady(client);
  };
}

/** What ioredis keeps to itself. */
interface ClusterSubscriber {
  selectSubscriber(): void;
  getInstance(): Redis | null;
}
interface Connected {
  readonly connector: { disconnectTimeout: number };
}

function clusterOptions(common: RedisOptions): ClusterOptions {
  return {
    redisOptions: common,
    // ioredis would connect to the resolved address of a node, which its certificate does not cover.
    ...(common.tls && { dnsLookup: (name, callback) => callback(null, name) }),
    clusterRetryStrategy: retryDelay,
    slotsRefreshTimeout: 2_000,
    slotsRefreshInterval: 10_000,
    retryDelayOnFailover: 200,
    retryDelayOnClusterDown: 200,
  };
}

function tlsOptions({ tls }: RedisSettings): RedisOptions['tls'] {
  if (tls === false) return undefined;
  const { ca, cert, key, serverName } = tls;
  return { ca, cert, key, ...(serverName !== undefined && { servername: serverName }) };
}
