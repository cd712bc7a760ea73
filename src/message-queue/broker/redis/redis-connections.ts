import { Cluster, Redis } from 'ioredis';
import type { ClusterOptions, RedisOptions } from 'ioredis';
import type { RedisSettings } from './redis-settings.js';

/** A client of any topology. */
export type RedisClient = Redis | Cluster;

const CONNECT_TIMEOUT_MS = 3_000;
const LONGEST_RETRY_DELAY_MS = 500;
const KEEP_ALIVE_MS = 5_000;
const REVIVE_DELAY_MS = 200;
const QUIT_TIMEOUT_MS = 500;
/** How often the idle subscriber must show that it is alive. */
const SUBSCRIBER_PING_MS = 5_000;

/**
 * All connections of one broker: one client and one subscriber that all queues share, and a blocking one per queue
 * that this process works on. Opened when first used, closed by `close()`.
 */
export class RedisConnections {
  private shared: RedisClient | null = null;
  private listening: RedisClient | null = null;
  private readonly blocking = new Set<RedisClient>();
  private pingTimer: NodeJS.Timeout | null = null;
  private closed: Promise<void> | null = null;

  /**
   * @param socketTimeoutMs a connection that owes an answer for this long is dropped and opened again
   * @param onError every connection error; the connections heal by themselves
   */
  constructor(
    private readonly settings: RedisSettings,
    private readonly socketTimeoutMs: number,
    private readonly onError: (error: Error) => void,
  ) {}

  /** The shared client. */
  get client(): RedisClient {
    this.shared ??= this.open({ enableReadyCheck: true, maxRetriesPerRequest: 20 }, this.socketTimeoutMs);
    return this.shared;
  }

  /** The shared subscriber. */
  get subscriber(): RedisClient {
    if (this.listening === null) {
      const subscriber = this.open(ENDLESS, this.socketTimeoutMs);
      this.listening = subscriber;
      // Without traffic a dead connection would never be noticed.
      this.pingTimer = setInterval(() => void subscriber.ping().catch(() => undefined), SUBSCRIBER_PING_MS);
      this.pingTimer.unref();
    }
    return this.listening;
  }

  /** A new connection for commands that block up to `blockMs`. */
  openBlocking(blockMs: number, connectionName?: string): RedisClient {
    const client = this.open({ ...ENDLESS, connectionName }, blockMs + this.socketTimeoutMs);
    this.blocking.add(client);
    return client;
  }

  /** Closes one blocking connection at once, whatever it waits for. */
  closeBlocking(client: RedisClient): void {
    this.blocking.delete(client);
    disconnect(client);
  }

  /**
   * Resolves when the shared client can take commands.
   * @returns false when it cannot within `timeoutMs`
   */
  async ready(timeoutMs: number): Promise<boolean> {
    const client = this.client;
    if (client.status === 'ready') return true;
    return new Promise((resolve) => {
      const settle = (isReady: boolean) => (): void => {
        clearTimeout(timer);
        client.removeListener('ready', onReady);
        client.removeListener('end', onEnd);
        resolve(isReady);
      };
      const onReady = settle(true);
      const onEnd = settle(false);
      const timer = setTimeout(onEnd, timeoutMs);
      client.once('ready', onReady);
      client.once('end', onEnd);
    });
  }

  /** Closes all connections and waits, at most half a second for each answer. Safe to call twice. */
  close(): Promise<void> {
    this.closed ??= this.closeAll();
    return this.closed;
  }

  private async closeAll(): Promise<void> {
    if (this.pingTimer !== null) clearInterval(this.pingTimer);
    for (const client of this.blocking) disconnect(client);
    this.blocking.clear();
    const shared = [this.shared, this.listening].filter((client) => client !== null);
    await Promise.all(shared.map((client) => quit(client)));
  }

  private open(options: RedisOptions, socketTimeout: number): RedisClient {
    if (this.closed !== null) throw new Error('The Redis connections of this broker are closed.');
    const client = create(this.settings, { ...options, socketTimeout });
    // Every queue listens to the shared connections.
    client.setMaxListeners(0);
    client.on('error', this.onError);
    if (client instanceof Redis) client.on('close', () => forgetSocketTimer(client));
    client.on('end', () => this.revive(client));
    return client;
  }

  /** With Sentinel, ioredis gives up for good when a failover is announced while it looks for the master. */
  private revive(client: RedisClient): void {
    const timer = setTimeout(() => {
      if (client.status === 'end' && this.isOurs(client)) client.connect().catch(() => undefined);
    }, REVIVE_DELAY_MS);
    timer.unref();
  }

  private isOurs(client: RedisClient): boolean {
    if (this.closed !== null) return false;
    return client === this.shared || client === this.listening || this.blocking.has(client);
  }
}

/** What Bull demands of subscribers and blocking clients: commands wait as long as it takes. */
const ENDLESS: RedisOptions = { enableReadyCheck: false, maxRetriesPerRequest: null };

const retryDelay = (attempt: number): number => Math.min(50 * attempt, LONGEST_RETRY_DELAY_MS);

function create(settings: RedisSettings, options: RedisOptions): RedisClient {
  const common: RedisOptions = {
    ...options,
    username: settings.username,
    password: settings.password,
    ...(settings.tls && { tls: {} }),
    connectTimeout: CONNECT_TIMEOUT_MS,
    // ioredis keeps a timer this long after a disconnect, even of a socket that is closed already.
    disconnectTimeout: QUIT_TIMEOUT_MS,
    keepAlive: KEEP_ALIVE_MS,
    retryStrategy: retryDelay,
    // ioredis #2099: with it an accept-then-close outage leaves the client "ready" and every command hangs.
    disableClientInfo: true,
    // After a failover the old master answers READONLY: connect again and repeat the command.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  };
  const { topology } = settings;
  if (topology.kind === 'cluster') return new Cluster([...topology.nodes], clusterOptions(common));
  if (topology.kind === 'single') {
    return new Redis({ ...common, host: topology.host, port: topology.port, db: settings.db });
  }
  return new Redis({
    ...common,
    db: settings.db,
    name: topology.masterName,
    sentinels: topology.sentinels.map(({ host, port }) => ({ host, port })),
    sentinelRetryStrategy: retryDelay,
    // Without it a master that freezes, rather than dies, keeps its clients.
    failoverDetector: true,
  });
}

function clusterOptions(common: RedisOptions): ClusterOptions {
  return {
    redisOptions: common,
    clusterRetryStrategy: retryDelay,
    slotsRefreshTimeout: 2_000,
    slotsRefreshInterval: 10_000,
    retryDelayOnFailover: 200,
    retryDelayOnClusterDown: 200,
  };
}

/** ioredis forgets to; the timer would end the next connection and hold the process open. */
function forgetSocketTimer(client: Redis): void {
  const internals = client as unknown as { socketTimeoutTimer?: NodeJS.Timeout };
  clearTimeout(internals.socketTimeoutTimer);
  internals.socketTimeoutTimer = undefined;
}

function disconnect(client: RedisClient): void {
  client.disconnect();
  if (client instanceof Redis) forgetSocketTimer(client);
}

async function quit(client: RedisClient): Promise<void> {
  if (client.status === 'ready') {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise((resolve) => (timer = setTimeout(resolve, QUIT_TIMEOUT_MS)));
    await Promise.race([client.quit().catch(() => undefined), tooLate]);
    clearTimeout(timer);
  }
  disconnect(client);
}
