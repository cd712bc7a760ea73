import type { Redis } from 'ioredis';
import type { Server } from 'socket.io';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';
import { createPublisher, createSubscriber } from './socket-io-redis-client.js';
import { errorCodesOf, withoutText } from '../../../kernel/logging/error-text.js';
import { RepeatedLines } from '../../../kernel/logging/repeated-lines.js';
import { replyOf } from '../../../kernel/redis/redis-replies.js';
import { Subscriptions } from '../../../kernel/redis/subscriptions.js';
import type { RedisClient } from '../../../kernel/redis/redis-client.js';
import { SystemClock } from '../../../kernel/time/clock.js';
import type { PublicationSeal } from '../../ports/privacy/publication-seal.js';
import type { SocketIoRedis } from './socket-io.options.js';
import { openedSubscriber, sealedPublisher } from './socket-io-line.js';
import type { Dropped, LineListeners } from './socket-io-line.js';

/** While the same goes on, how long until it is said again, milliseconds. */
const AGAIN_AFTER_MS = 30_000;

/** What to do about a publication of another process that was dropped. */
const REMEDIES: Readonly<Record<Dropped, string>> = {
  changed:
    'it was changed after it was sealed, or this app did not seal it: find out who writes to this Redis',
  'no-key':
    'this process does not have its key: give all processes the same KeyProvider, and the same DataKeyStore if there is one',
  plain: 'it is in plain text, and privacy.unsealed is "refuse": find out who publishes without sealing',
  senseless:
    'Socket.IO makes nothing of it, or a listener of the app threw: find out who writes to this Redis, or look at the listener',
};

type AdapterPackage = typeof import('@socket.io/redis-adapter');
type AdapterFactory = NonNullable<Parameters<Server['adapter']>[0]>;

/** The two connections through which the Socket.IO servers of all processes reach each other. They heal by themselves. */
export class SocketIoRedisLink {
  private readonly logger = new SafeLogger('SocketIoTransport');
  private readonly publisher: RedisClient;
  private readonly subscriber: Redis;
  private readonly opened: ReturnType<typeof openedSubscriber>;
  private readonly lines = new RepeatedLines(new SystemClock(), AGAIN_AFTER_MS);
  private readonly subscriptions: Subscriptions;
  private readonly package: AdapterPackage;

  /**
   * @param seal seals what goes to the other processes; null: it is in plain text
   * @param onSubscribed the subscription is in place, for the first time or again: what was published before never came
   * @throws MissingPackageError when @socket.io/redis-adapter is not installed
   */
  constructor(
    settings: SocketIoRedis,
    private readonly key: string,
    seal: PublicationSeal | null,
    onSubscribed: () => void,
  ) {
    this.package = loadOptionalPackage('@socket.io/redis-adapter', 'sockets over several processes');
    const listeners: LineListeners = {
      dropped: (why, error) => {
        seal?.noteUnopened();
        this.tellDropped(why, error);
      },
      unsealed: (error) => this.tellUnsealed(error),
    };
    const publisher = withoutRejections(this.watch(createPublisher(settings)), ['publish']);
    this.publisher = seal === null ? publisher : sealedPublisher(publisher, key, seal, listeners);
    this.subscriber = this.watch(createSubscriber(settings));
    this.subscriptions = new Subscriptions(this.subscriber, (error) => this.tellRefusal(error));
    withoutRejections(this.subscriber, ['unsubscribe', 'punsubscribe']);
    this.opened = openedSubscriber(this.subscriber, key, seal, listeners);
    this.subscriber.on('ready', () => {
      // Lost once more, it is told after the next time.
      void this.subscribed().then(onSubscribed, () => undefined);
    });
  }

  /** Joins a server. */
  join(server: Server): void {
    const create = this.package.createAdapter(this.publisher, this.opened, {
      key: this.key,
      // Otherwise every process opens all answers to all others.
      publishOnSpecificResponseChannel: true,
    });
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
    this.lines.flush();
    this.subscriptions.close();
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }

  /** Both connections meet it, and again with each attempt: also where Redis lets nobody in, they are `ready` for a moment. */
  private tellAway(error: Error): void {
    const reply = replyOf(error);
    const line =
      reply === null
        ? `Redis does not answer: ${error.message.replace(/\.$/, '')}.`
        : `Redis refuses the connection: ${reply.text}. ${reply.remedy}`;
    this.tell('warn', reply?.code ?? 'away', line);
  }

  /** Without a subscription sockets of this process hear nothing of the others, and nothing else says so. */
  private tellRefusal(error: Error): void {
    const reply = replyOf(error);
    this.tell(
      'error',
      'refusal',
      `Redis does not let this process listen to the others, so its sockets miss what they send: ${reply?.text ?? error.message}. ` +
        `${reply?.remedy ?? ''} It is tried again every second.`,
    );
  }

  private tellDropped(why: Dropped, error: unknown): void {
    const stack = error instanceof Error ? withoutText(error).stack : undefined;
    this.tell('error', why, `What another process sent to sockets was dropped: ${REMEDIES[why]}.`, stack);
  }

  private tellUnsealed(error: unknown): void {
    this.tell(
      'error',
      'unsealed',
      `What this process has for sockets of others was not sent: the key to seal it with cannot be had (${errorCodesOf(error)}). ` +
        'Messages are tried again. Look at the key provider and the data key store.',
    );
  }

  private tell(level: 'warn' | 'error', kind: string, line: string, ...more: unknown[]): void {
    this.lines.add({
      kind,
      write: () => this.logger[level](line, ...more),
      sum: ({ count, seconds }) => this.logger[level](`${line} ${count} times more within ${seconds} s.`),
    });
  }

  private watch<T extends RedisClient>(client: T): T {
    client.setMaxListeners(0);
    client.on('error', (error: Error) => this.tellAway(error));
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
