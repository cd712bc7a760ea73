import { Logger } from '@nestjs/common';
import { Cluster, Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { Server } from 'socket.io';
import { loadOptionalPackage } from '../optional-package.js';
import type { SocketIoRedis } from './socket-io.options.js';

type Client = Redis | Cluster;
type Topology = SocketIoRedis['topology'];
type AdapterPackage = typeof import('@socket.io/redis-adapter');
type AdapterFactory = NonNullable<Parameters<Server['adapter']>[0]>;

const CONNECT_TIMEOUT_MS = 3_000;
const DISCONNECT_TIMEOUT_MS = 500;
const LONGEST_RETRY_DELAY_MS = 500;

/** The two connections through which the Socket.IO servers of all processes reach each other. They heal by themselves. */
export class SocketIoRedisLink {
  private readonly logger = new Logger('SocketIoTransport');
  private readonly publisher: Client;
  private readonly subscriber: Redis;
  private readonly package: AdapterPackage;
  private isAway = false;

  /**
   * @param onRestored the subscription was lost and is there again: what was published meanwhile never came
   * @throws MissingPackageError when @socket.io/redis-adapter is not installed
   */
  constructor(
    settings: SocketIoRedis,
    private readonly key: string,
    onRestored: () => void,
  ) {
    this.package = loadOptionalPackage('@socket.io/redis-adapter', 'sockets over several processes');
    this.publisher = withoutRejections(this.watch(createClient(settings)), ['publish']);
    this.subscriber = withoutRejections(this.watch(createSubscriber(settings)), [
      ...['subscribe', 'psubscribe', 'unsubscribe', 'punsubscribe'],
    ]);
    let isFirst = true;
    this.subscriber.on('ready', () => {
      if (!isFirst) onRestored();
      isFirst = false;
      this.isAway = false;
    });
  }

  /** Joins a server. */
  join(server: Server): void {
    const create = this.package.createAdapter(this.publisher, this.subscriber, { key: this.key });
    // Socket.IO calls it with `new`, so it must not be an arrow function.
    const factory = function (namespace: Parameters<typeof create>[0]) {
      const adapter = create(namespace);
      const count = adapter.serverCount.bind(adapter);
      // Socket.IO catches nothing here; an impossible number lets the broadcast run into its time-out.
      adapter.serverCount = () => count().catch(() => -1);
      return adapter;
    };
    server.adapter(factory as unknown as AdapterFactory);
  }

  /** Resolves when this process is subscribed: before, an empty answer would mean nothing. */
  async subscribed(): Promise<void> {
    // Redis answers in order, so the subscriptions are in place when this answer comes.
    await this.subscriber.ping();
  }

  /** Closes both connections. */
  close(): void {
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }

  private watch<T extends Client>(client: T): T {
    client.setMaxListeners(0);
    client.on('error', (error: Error) => {
      if (!this.isAway) this.logger.warn(`Redis does not answer: ${error.message}`);
      this.isAway = true;
    });
    return client;
  }
}

function retryStrategy(attempt: number): number {
  return Math.min(50 * attempt, LONGEST_RETRY_DELAY_MS);
}

function commonOptions({ username, password, tls }: SocketIoRedis): RedisOptions {
  return {
    ...{ username, password, retryStrategy },
    ...(tls && { tls: {} }),
    connectTimeout: CONNECT_TIMEOUT_MS,
    // ioredis keeps a timer this long after a disconnect, even of a socket that is closed already.
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: null,
    enableReadyCheck: false,
    // ioredis #2099: with it an accept-then-close outage leaves the client "ready" and every command hangs.
    disableClientInfo: true,
  };
}

function createClient(settings: SocketIoRedis): Client {
  const { topology } = settings;
  if (topology.kind !== 'cluster') return createSingle(settings, topology);
  const redisOptions = commonOptions(settings);
  return new Cluster([...topology.nodes], { redisOptions, clusterRetryStrategy: retryStrategy });
}

/**
 * All nodes of a Cluster hand on what is published, so one connection to any of them is enough. It is not a Cluster's own subscription:
 * that one moves to another node without a word, and what was published meanwhile would be missed.
 */
function createSubscriber(settings: SocketIoRedis): Redis {
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
  });
}

/** The adapter waits for none of these promises; a connection that is closed would end the process. */
function withoutRejections<T extends Client>(client: T, methods: readonly string[]): T {
  const commands = client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  for (const method of methods) {
    const command = commands[method]?.bind(client);
    if (command === undefined) continue;
    commands[method] = (...args) => command(...args).catch(() => null);
  }
  return client;
}
