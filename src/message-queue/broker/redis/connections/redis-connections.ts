import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { Availability } from './outage/availability.js';
import { endAtOnce, endPolitely, forgetSocketTimers } from './end-client.js';
import { explained } from './connection-error.js';
import { createRedisClient } from '../../../../kernel/redis/redis-client.js';
import type { RedisClient } from '../../../../kernel/redis/redis-client.js';
import { RedisClock } from './redis-clock.js';
import { replyCode } from '../../../../kernel/redis/redis-replies.js';
import { Silence } from './outage/silence.js';
import { Subscriptions } from '../../../../kernel/redis/subscriptions.js';
import type { RedisSettings } from '../../../../kernel/redis/redis-settings.js';

/** Who is told what happens to the connections. They recover by themselves. */
export interface ConnectionListener {
  /** A connection failed. */
  failed(error: Error): void;
  /** Redis refused to let this process listen to messages. */
  refused(error: Error): void;
  /** The shared client can take commands again, after `awayMs` without. */
  ready(awayMs: number): void;
}

/**
 * All connections of one broker: a client and a subscriber that all queues share, and a blocking connection for each
 * queue that this process works on. Opened when first used, closed by `close()`.
 */
export class RedisConnections {
  /** What decides when jobs are due. */
  readonly clock: RedisClock;
  private shared: RedisClient | null = null;
  private listening: RedisClient | null = null;
  private readonly blocking = new Set<RedisClient>();
  /** Callers waiting for the shared client. */
  private readonly waiting = new Set<() => void>();
  private subscriptions: Subscriptions | null = null;
  private closed: Promise<void> | null = null;
  private lastError: Error | null = null;
  /** When the shared client was opened, or lost. */
  private awaySince = 0;
  private readonly availability = new Availability();
  /** Of the server that the shared client is connected to; a Cluster has several, which fall silent one by one. */
  readonly silence = new Silence(
    () => this.client.ping(),
    () => this.isClosed,
  );
  /** Whether the time of the server behind the shared client is known, as far as it can be. */
  private isTimed = false;

  /**
   * @param socketTimeoutMs a connection that owes an answer for this long is dropped and opened again
   * @param onWrongClock called once when this machine's clock differs from that of Redis
   */
  constructor(
    private readonly settings: RedisSettings,
    private readonly socketTimeoutMs: number,
    private readonly listener: ConnectionListener,
    onWrongClock: (message: string) => void = () => undefined,
  ) {
    this.clock = new RedisClock(
      () => (this.shared?.status === 'ready' ? this.shared.time() : null),
      onWrongClock,
    );
  }

  /** Whether `close()` was called. */
  get isClosed(): boolean {
    return this.closed !== null;
  }

  /** Whether Redis is a Cluster, by the settings: no connection is opened to find out. */
  get isCluster(): boolean {
    return this.settings.topology.kind === 'cluster';
  }

  /** Whether the shared client takes commands now. */
  get isReady(): boolean {
    return !this.isClosed && this.isTimed && this.shared?.status === 'ready';
  }

  /** Whether Redis is known to be out of reach: what was sent now would not arrive. Silence is not known here. */
  get isAway(): boolean {
    return this.availability.isAway;
  }

  /** Whether what is given to the shared client goes to a connection, rather than waiting for the next one. */
  get isWritable(): boolean {
    return this.isReady && (!(this.shared instanceof Redis) || this.shared.stream.writable);
  }

  /** How long the shared client has been unable to take commands, milliseconds; 0 while it can. */
  get awayForMs(): number {
    return this.isReady || this.shared === null ? 0 : performance.now() - this.awaySince;
  }

  /** Why the shared client is down, or null. */
  get trouble(): Error | null {
    return this.lastError;
  }

  /** Why Redis does not let this process listen to messages; null when it does, or was not asked. */
  get deafness(): Error | null {
    return this.subscriptions?.refusal ?? null;
  }

  /** The shared client. */
  get client(): RedisClient {
    if (this.shared === null) {
      this.shared = this.open({ enableReadyCheck: true, maxRetriesPerRequest: 20 }, this.socketTimeoutMs);
      this.awaySince = performance.now();
      this.availability.opened();
    }
    return this.shared;
  }

  /** The shared subscriber. */
  get subscriber(): RedisClient {
    if (this.listening === null) {
      // What ioredis subscribes to by itself after a reconnect it does not catch: a refusal would end the process.
      this.listening = this.open({ ...ENDLESS, autoResubscribe: false }, this.socketTimeoutMs);
      this.subscriptions = new Subscriptions(this.listening, (error) => this.listener.refused(error));
    }
    return this.listening;
  }

  /** Writes to the shared client what it is given within this tick at once: each write costs more than most commands. */
  writeTogether(): void {
    const { client } = this;
    if (!(client instanceof Redis)) return;
    const { stream } = client;
    stream.cork();
    // After all promises that are settled by now, and those that these settle.
    queueMicrotask(() => process.nextTick(() => stream.uncork()));
  }

  /** A new connection for commands that block up to `blockMs`. */
  openBlocking(blockMs: number, connectionName?: string): RedisClient {
    const client = this.open({ ...ENDLESS, connectionName }, blockMs + this.socketTimeoutMs);
    this.blocking.add(client);
    return client;
  }

  /** Closes one blocking connection at once, even in the middle of a wait. */
  closeBlocking(client: RedisClient): void {
    this.blocking.delete(client);
    endAtOnce(client);
  }

  /**
   * Resolves when the shared client can take commands.
   * @returns false when it cannot within `timeoutMs`, and after `close()`
   */
  async ready(timeoutMs: number): Promise<boolean> {
    if (this.isClosed) return false;
    if (this.client.status === 'ready' && this.isReady) return true;
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.waiting.delete(settle);
        resolve(this.isReady);
      };
      const timer = setTimeout(settle, timeoutMs);
      this.waiting.add(settle);
    });
  }

  /** Closes all connections and waits, at most half a second for each answer. Safe to call twice. */
  close(): Promise<void> {
    this.closed ??= this.closeAll();
    for (const settle of this.waiting) settle();
    return this.closed;
  }

  private async closeAll(): Promise<void> {
    this.subscriptions?.close();
    this.availability.end();
    for (const client of this.blocking) endAtOnce(client);
    this.blocking.clear();
    const shared = [this.shared, this.listening].filter((client) => client !== null);
    await Promise.all(shared.map((client) => endPolitely(client)));
  }

  private open(options: RedisOptions, socketTimeout: number): RedisClient {
    if (this.closed !== null) throw new Error('The Redis connections of this broker are closed.');
    const client = createRedisClient(this.settings, {
      ...{ ...options, socketTimeout },
      // After a failover the old master answers READONLY: connect again and repeat the command.
      reconnectOnError: (error) => (replyCode(error) === 'READONLY' ? 2 : false),
    });
    // Every queue listens to the shared connections.
    client.setMaxListeners(0);
    this.watch(client);
    if (client instanceof Redis) forgetSocketTimers(client);
    else client.on('+node', forgetSocketTimers);
    return client;
  }

  /** The shared client is connected, perhaps to another server than before: nothing is timed by the clock of the last one. */
  private async welcome(): Promise<void> {
    await this.clock.compare();
    // The connection that was asked may be lost by now.
    if (this.shared?.status !== 'ready') return;
    this.isTimed = true;
    this.availability.ready();
    this.listener.ready(performance.now() - this.awaySince);
    for (const settle of [...this.waiting]) settle();
  }

  private watch(client: RedisClient): void {
    let wasReady = false;
    let isUp = false;
    client.on('ready', () => {
      wasReady = true;
      isUp = true;
      if (client !== this.shared) return;
      this.lastError = null;
      void this.welcome();
    });
    client.on('close', () => {
      // Every failed attempt to reconnect ends here too.
      if (client === this.shared) {
        this.availability.closed();
        if (isUp) this.awaySince = performance.now();
        this.isTimed = false;
      }
      isUp = false;
    });
    const explain = (error: Error): Error => explained(error, this.settings.tls !== false, wasReady);
    client.on('error', (error: Error) => {
      const failure = explain(error);
      // The others are ready before Redis has said whether it lets them in.
      if (client === this.shared) this.lastError = failure;
      this.listener.failed(failure);
    });
  }
}

/** Bull requires this of subscribers and blocking clients: their commands wait as long as it takes. */
const ENDLESS: RedisOptions = { enableReadyCheck: false, maxRetriesPerRequest: null };
