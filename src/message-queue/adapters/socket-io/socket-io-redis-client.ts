import { Cluster, Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { SocketIoRedis } from './socket-io.options.js';

/** What ioredis connects with: a Cluster's client or one server's. */
export type SocketIoRedisClient = Redis | Cluster;
type Topology = SocketIoRedis['topology'];

const CONNECT_TIMEOUT_MS = 3_000;
const DISCONNECT_TIMEOUT_MS = 500;
const LONGEST_RETRY_DELAY_MS = 500;

function retryStrategy(attempt: number): number {
  return Math.min(50 * attempt, LONGEST_RETRY_DELAY_MS);
}

function commonOptions(settings: SocketIoRedis): RedisOptions {
  const { username, password } = settings;
  const tls = tlsOptions(settings);
  return {
    ...{ username, password, retryStrategy },
    ...(tls && { tls }),
    connectTimeout: CONNECT_TIMEOUT_MS,
    // ioredis keeps a timer this long after a disconnect, even of a socket that is closed already.
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: null,
    enableReadyCheck: false,
    // ioredis #2099: with it an accept-then-close outage leaves the client "ready" and every command hangs.
    disableClientInfo: true,
  };
}

/** A connection to publish with. It connects again by itself. */
export function createPublisher(settings: SocketIoRedis): SocketIoRedisClient {
  const { topology } = settings;
  if (topology.kind !== 'cluster') return createSingle(settings, topology);
  const redisOptions = commonOptions(settings);
  return new Cluster([...topology.nodes], {
    redisOptions,
    // The certificate of a node is for its name, not for the address of it.
    ...(redisOptions.tls && { dnsLookup: (name, callback) => callback(null, name) }),
    clusterRetryStrategy: retryStrategy,
  });
}

/**
 * All nodes of a Cluster hand on what is published, so one connection to any of them is enough. It is not a Cluster's own subscription:
 * that one moves to another node without a word, and what was published meanwhile would be missed.
 */
export function createSubscriber(settings: SocketIoRedis): Redis {
  const { topology } = settings;
  if (topology.kind !== 'cluster') return createSingle(settings, topology);
  const { nodes } = topology;
  const client = new Redis({
    ...commonOptions(settings),
    ...nodes[0],
    retryStrategy: (attempt) => {
      Object.assign(client.options, nodes[attempt % nodes.length]);
      return retryStrategy(attempt);
    },
  });
  return client;
}

function createSingle(settings: SocketIoRedis, topology: Exclude<Topology, { kind: 'cluster' }>): Redis {
  const options = { ...commonOptions(settings), db: settings.db };
  if (topology.kind === 'single') return new Redis({ ...options, host: topology.host, port: topology.port });
  return new Redis({
    ...options,
    name: topology.masterName,
    sentinels: topology.sentinels.map(({ host, port }) => ({ host, port })),
    sentinelRetryStrategy: retryStrategy,
    failoverDetector: true,
    // Without these ioredis talks to Sentinels and master in plain text, whatever `tls` says.
    ...(options.tls && { sentinelTLS: options.tls, enableTLSForSentinelMode: true }),
  });
}

function tlsOptions({ tls }: SocketIoRedis): RedisOptions['tls'] {
  if (typeof tls === 'boolean') return tls ? {} : undefined;
  const { ca, cert, key, serverName } = tls;
  return { ca, cert, key, ...(serverName !== undefined && { servername: serverName }) };
}
