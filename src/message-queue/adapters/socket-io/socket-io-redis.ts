import { Logger } from '@nestjs/common';
import { Cluster, Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { Server } from 'socket.io';
import { loadOptionalPackage } from '../optional-package.js';
import type { SocketIoRedis } from './socket-io.options.js';

type Client = Redis | Cluster;
type AdapterPackage = typeof import('@socket.io/redis-adapter');
type AdapterFactory = NonNullable<Parameters<Server['adapter']>[0]>;

const CONNECT_TIMEOUT_MS = 3_000;
const DISCONNECT_TIMEOUT_MS = 500;
const LONGEST_RETRY_DELAY_MS = 500;

/** The two connections through which the Socket.IO servers of all processes reach each other. They heal by themselves. */
export class SocketIoRedisLink {
  private readonly logger = new Logger('SocketIoTransport');
  private readonly publisher: Client;
  private readonly subscriber: Client;
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
    this.publisher = withoutRejections(this.open(settings), ['publish']);
    this.subscriber = withoutRejections(this.open(settings), [
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

  private open(settings: SocketIoRedis): Client {
    const client = createClient(settings);
    client.setMaxListeners(0);
    client.on('error', (error: Error) => {
      if (!this.isAway) this.logger.warn(`Redis does not answer: ${error.message}`);
      this.isAway = true;
    });
    return client;
  }
}

function createClient(settings: SocketIoRedis): Client {
  const { topology, username, password, db } = settings;
  const tls = tlsOptions(settings);
  const retryStrategy = (attempt: number): number => Math.min(50 * attempt, LONGEST_RETRY_DELAY_MS);
  const common: RedisOptions = {
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
  switch (topology.kind) {
    case 'single':
      return new Redis({ ...common, host: topology.host, port: topology.port, db });
    case 'cluster':
      return new Cluster([...topology.nodes], {
        redisOptions: common,
        // The certificate of a node is for its name, not for the address of it.
        ...(tls && { dnsLookup: (name, callback) => callback(null, name) }),
        clusterRetryStrategy: retryStrategy,
      });
    case 'sentinel':
      return new Redis({
        ...common,
        db,
        name: topology.masterName,
        sentinels: topology.sentinels.map(({ host, port }) => ({ host, port })),
        sentinelRetryStrategy: retryStrategy,
        failoverDetector: true,
        // Without these ioredis talks to Sentinels and master in plain text, whatever `tls` says.
        ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
      });
  }
}

function tlsOptions({ tls }: SocketIoRedis): RedisOptions['tls'] {
  if (typeof tls === 'boolean') return tls ? {} : undefined;
  const { ca, cert, key, serverName } = tls;
  return { ca, cert, key, ...(serverName !== undefined && { servername: serverName }) };
}

/** The adapter waits for none of these promises; a connection that is closed would end the process. */
function withoutRejections(client: Client, methods: readonly string[]): Client {
  const commands = client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  for (const method of methods) {
    const command = commands[method]?.bind(client);
    if (command === undefined) continue;
    commands[method] = (...args) => command(...args).catch(() => null);
  }
  return client;
}
