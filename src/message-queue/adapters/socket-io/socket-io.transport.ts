import type { OnApplicationShutdown } from '@nestjs/common';
import type { Server } from 'socket.io';
import { RetryLater, UnrecoverableJobError } from '../../jobs/errors.js';
import { ILL_FORMED, isWellFormed } from '../../../kernel/values/well-formed.js';
import { MessageTransport } from '../../ports/messages/message-transport.js';
import type {
  RecallAnnouncement,
  StatusAnnouncement,
  TransportMessage,
  TransportReceipt,
} from '../../ports/messages/message-transport.js';
import type { PublicationSeal } from '../../ports/privacy/publication-seal.js';
import { guardedCall } from '../../../kernel/host/guarded-call.js';
import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';
import { inRootContext } from '../../../kernel/host/root-context.js';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { untilAborted } from '../../../kernel/time/until-aborted.js';
import { SocketIoRedisLink } from './socket-io-redis.js';
import { resolveSocketIoOptions } from './socket-io.options.js';
import type { SocketIoTransportOptions } from './socket-io.options.js';
import { SocketEvent, toSocketMessage, toSocketStatus } from './socket-protocol.js';
import type { SocketRecall } from './socket-protocol.js';

const TRY_AGAIN_MS = 2_000;

/**
 * Delivers over Socket.IO to all devices of a recipient: each user has a room. A web process attaches its server; a process
 * without one (a worker) reaches the sockets of the others through Redis.
 *
 * `sent` means that at least one device acknowledged the message, so a socket that is dead but not yet noticed loses nothing:
 * the message is tried again until somebody acknowledges it or nobody is connected any more.
 */
export class SocketIoTransport extends MessageTransport implements OnApplicationShutdown {
  private readonly options: Required<SocketIoTransportOptions>;
  private readonly logger = new SafeLogger('SocketIoTransport');
  private readonly subscribedListeners = new Set<() => unknown>();
  private server: Server | null = null;
  private link: SocketIoRedisLink | null = null;
  private subscribed: Promise<void> = Promise.resolve();

  /**
   * @param seal seals what goes to other processes: the app's {@link PublicationSeal}, which `socketIoAdapters` injects. Default: nothing is
   * sealed, and with Redis a line of the log says so
   * @throws InvalidConfigurationError listing every option that is wrong
   */
  constructor(
    options: SocketIoTransportOptions = {},
    private readonly seal: PublicationSeal | null = null,
  ) {
    super();
    this.options = resolveSocketIoOptions(options);
    if (this.options.redis !== null) seal?.needKeys();
  }

  /**
   * The room that all sockets of a user join. Its name leaves the process sealed.
   * @throws UnrecoverableJobError for an id that is not well-formed text: users would share a room
   */
  roomOf(userId: string): string {
    if (!isWellFormed(userId)) {
      throw new UnrecoverableJobError(`No room has the id of this user: ${ILL_FORMED}.`);
    }
    return `user:${userId}`;
  }

  /**
   * Uses the server that this process's clients connect to, joined with those of other processes when Redis is set. Call it before
   * the first client connects, in a gateway's `afterInit`.
   * @throws MissingPackageError when @socket.io/redis-adapter is needed and not installed
   */
  attach(server: Server): void {
    this.detach();
    this.server = server;
    const { redis, prefix } = this.options;
    if (redis === null) return;
    if (this.seal === null) {
      this.logger.warn(
        'What goes to sockets of other processes passes through Redis in plain text: make the transport with socketIoAdapters, or give it the PublicationSeal of the app.',
      );
    }
    this.link = new SocketIoRedisLink(redis, `${prefix}:socket.io`, this.seal, () => {
      for (const listener of this.subscribedListeners) {
        guardedCall(listener, (error) => this.logger.error('A listener of onSubscribed failed.', error));
      }
    });
    this.link.join(server);
    this.subscribed = this.link.subscribed();
    // Whoever delivers waits for it; nobody may be there when the app closes first.
    this.subscribed.catch(() => undefined);
  }

  /**
   * Calls `listener` whenever this process begins to receive other processes' messages: soon after `attach`, and when Redis was
   * away and is back. Earlier messages may have missed the sockets of this process: deliver again what is pending for them.
   * What it throws or rejects with is logged.
   */
  onSubscribed(listener: () => unknown): void {
    this.subscribedListeners.add(listener);
  }

  /** @throws RetryLater when devices are connected and none of them acknowledged, while the message is young */
  override async deliver(message: TransportMessage, signal: AbortSignal): Promise<TransportReceipt> {
    signal.throwIfAborted();
    const { recipientId } = message;
    const asking = this.emitAndWait(recipientId, SocketEvent.MESSAGE, toSocketMessage(message));
    const { answered, isComplete } = await untilAborted(asking, signal);
    if (answered > 0) return { outcome: 'sent', reached: answered };
    const isYoung = Date.now() - message.createdAt.getTime() < this.options.patienceMs;
    if (!isComplete && isYoung) {
      throw new RetryLater(TRY_AGAIN_MS, 'The recipient is connected, and no device has acknowledged yet.');
    }
    return { outcome: 'offline', reached: 0 };
  }

  override async announceStatus(announcement: StatusAnnouncement, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.emitToUser(announcement.senderId, SocketEvent.STATUS, toSocketStatus(announcement), signal);
  }

  override async announceRecall(announcement: RecallAnnouncement, signal: AbortSignal): Promise<boolean> {
    const { userId, messageId, conversationId } = announcement;
    const recall: SocketRecall = { messageId, conversationId };
    return (await this.askUser(userId, SocketEvent.RECALLED, recall, signal)) > 0;
  }

  /** Sends an event of the host's own to all sockets of a user, wherever they are. At most once. */
  async emitToUser(userId: string, event: string, payload: object, signal?: AbortSignal): Promise<void> {
    const server = this.attached();
    await (signal === undefined ? this.subscribed : untilAborted(this.subscribed, signal));
    server.to(this.roomOf(userId)).emit(event, payload);
  }

  /**
   * Sends an event of the host's own to all sockets of a user, wherever they are, and waits until they acknowledged it, at most
   * `ackTimeoutMs`. At most once.
   * @returns how many acknowledged
   */
  async askUser(userId: string, event: string, payload: object, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    return (await untilAborted(this.emitAndWait(userId, event, payload), signal)).answered;
  }

  /** Closes what the transport itself opened; an attached server is its owner's to close. */
  onApplicationShutdown(): void {
    this.detach();
  }

  private async emitAndWait(
    userId: string,
    event: string,
    payload: object,
  ): Promise<{ readonly answered: number; readonly isComplete: boolean }> {
    const server = this.attached();
    await this.subscribed;
    return new Promise((resolve) => {
      server
        .to(this.roomOf(userId))
        .timeout(this.options.ackTimeoutMs)
        .emit(event, payload, (error: Error | null, answers: unknown[]) => {
          resolve({ answered: answers.length, isComplete: error === null });
        });
    });
  }

  /** The attached server, or one without clients of its own that reaches those of other processes. */
  private attached(): Server {
    if (this.server === null) {
      const socketIo = loadOptionalPackage<typeof import('socket.io')>('socket.io', 'Socket.IO transports');
      inRootContext(() => this.attach(new socketIo.Server()));
    }
    return this.server as unknown as Server;
  }

  private detach(): void {
    this.link?.close();
    this.link = null;
    this.server = null;
    this.subscribed = Promise.resolve();
  }
}
