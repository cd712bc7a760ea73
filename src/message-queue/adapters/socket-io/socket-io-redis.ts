import type { Redis } from 'ioredis';
import type { Server } from 'socket.io';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';
import { createPublisher, createSubscriber } from './socket-io-redis-client.js';
import { replyOf } from '../../../kernel/redis/redis-replies.js';
import { Subscriptions } from '../../../kernel/redis/subscriptions.js';
import type { RedisClient } from '../../../kernel/redis/redis-client.js';
import type { SocketIoRedis } from './socket-io.options.js';

/** While Redis goes on refusing, how long until that is said again, milliseconds. */
const AGAIN_AFTER_MS = 30_000;

type AdapterPackage = typeof import('@socket.io/redis-adapter');
type AdapterFactory = NonNullable<Parameters<Server['adapter']>[0]>;

/** The two connections through which the Socket.IO servers of all processes reach each other. They heal by themselves. */
export class SocketIoRedisLink {
  private readonly logger = new SafeLogger('SocketIoTransport');
  private readonly publisher: RedisClient;
  private readonly subscriber: Redis;
  private readonly subscriptions: Subscriptions;
  private readonly package: AdapterPackage;
  private isAway = false;
  private refusalToldAt = Number.NEGATIVE_INFINITY;

  /**
   * @param onSubscribed the subscription is in place, for the first time or again: what was published before never came
   * @throws MissingPackageError when @socket.io/redis-adapter is not installed
   */
  constructor(
    settings: SocketIoRedis,
    private readonly key: string,
    onSubscribed: () => void,
  ) {
    this.package = loadOptionalPackage('@socket.io/redis-adapter', 'sockets over several processes');
    this.publisher = withoutRejections(this.watch(createPublisher(settings)), ['publish']);
    this.subscriber = this.watch(createSubscriber(settings));
    this.subscriptions = new Subscriptions(this.subscriber, (error) => this.tellRefusal(error));
    withoutRejections(this.subscriber, ['unsubscribe', 'punsubscribe']);
    this.subscriber.on('ready', () => {
      this.isAway = false;
      // Lost once more, it is told after the next time.
      void this.subscribed().then(onSubscribed, () => undefined);
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
  subscribed(): Promise<void> {
    return this.subscriptions.confirmed();
  }

  /** Closes both connections. */
  close(): void {
    this.subscriptions.close();
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }

  /** Without a subscription sockets of this process hear nothing of the others, and nothing else says so. */
  private tellRefusal(error: Error): void {
    const now = performance.now();
    if (now - this.refusalToldAt < AGAIN_AFTER_MS) return;
    this.refusalToldAt = now;
    const reply = replyOf(error);
    this.logger.error(
      `Redis does not let this process listen to the others, so its sockets miss what they send: ${reply?.text ?? error.message}. ` +
        `${reply?.remedy ?? ''} It is tried again every second.`,
    );
  }

  private watch<T extends RedisClient>(client: T): T {
    client.setMaxListeners(0);
    client.on('error', (error: Error) => {
      if (!this.isAway) this.logger.warn(`Redis does not answer: ${error.message}`);
      this.isAway = true;
    });
    return client;
  }
}

/** The adapter waits for none of these promises; a connection that is closed would end the process. */
function withoutRejections<T extends RedisClient>(client: T, methods: readonly string[]): T {
  const commands = client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  for (const method of methods) {
    const command = commands[method]?.bind(client);
    if (command === undefined) continue;
    commands[method] = (...args) => command(...args).catch(() => null);
  }
  return client;
}
