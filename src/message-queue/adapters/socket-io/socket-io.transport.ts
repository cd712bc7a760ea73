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
import { SocketEvent, toSocketMessage, toSocketOwnMessage, toSocketStatus } from './socket-protocol.js';
import type { InFeed } from './socket-protocol.js';
import { DeviceSync } from './devices/device-sync.js';
import { DeviceUpdates } from './devices/device-updates.js';
import type { DeviceStores } from './devices/device-updates.js';
import { errorCodesOf } from '../../../kernel/logging/error-text.js';
import type { FeedPlace } from '../../ports/messages/device-feed.js';

const TRY_AGAIN_MS = 2_000;
const ROOM = 'user:';

/** What came of asking all sockets of a user. */
interface Asked {
  readonly answers: readonly unknown[];
  readonly isComplete: boolean;
}

/**
 * Delivers over Socket.IO to all devices of a recipient: each user has a room. A web process attaches its server; a process
 * without one (a worker) reaches the sockets of the others through Redis.
 *
 * With a DeviceFeed each device gets what it missed: a client says after each connect which device it is and what it has, and is answered from
 * the feed. The sender's devices get the message and its statuses too.
 *
 * `sent` means that at least one device acknowledged the message, so a socket that is dead but not yet noticed loses nothing:
 * the message is tried again until somebody acknowledges it or nobody is connected any more.
 */
export class SocketIoTransport extends MessageTransport implements OnApplicationShutdown {
  private readonly options: Required<SocketIoTransportOptions>;
  private readonly logger = new SafeLogger('SocketIoTransport');
  private readonly subscribedListeners = new Set<() => unknown>();
  private readonly updates: DeviceUpdates | null;
  private sync: DeviceSync | null = null;
  private server: Server | null = null;
  private link: SocketIoRedisLink | null = null;
  private subscribed: Promise<void> = Promise.resolve();

  /**
   * @param seal seals what goes to other processes: the app's {@link PublicationSeal}, which `socketIoAdapters` injects. Default: nothing is
   * sealed, and with Redis a line of the log says so
   * @param stores what devices missed, and the messages in it, which `socketIoAdapters` injects. Default: nobody gets what they missed
   * @throws InvalidConfigurationError listing every option that is wrong
   */
  constructor(
    options: SocketIoTransportOptions = {},
    private readonly seal: PublicationSeal | null = null,
    stores: DeviceStores | null = null,
  ) {
    super();
    this.options = resolveSocketIoOptions(options);
    this.updates = stores && new DeviceUpdates(stores, (it, signal) => this.announceStatus(it, signal));
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
    return `${ROOM}${userId}`;
  }

  /**
   * Uses the server that this process's clients connect to, joined with those of other processes when Redis is set. Call it before
   * the first client connects, in a gateway's `afterInit`.
   * @throws MissingPackageError when @socket.io/redis-adapter is needed and not installed
   */
  attach(server: Server): void {
    this.detach();
    this.server = server;
    if (this.updates !== null) {
      this.sync = new DeviceSync(this.updates, (room) =>
        room.startsWith(ROOM) ? room.slice(ROOM.length) : null,
      );
      this.sync.attach(server);
    }
    const { redis, prefix } = this.options;
    if (redis === null) return;
    if (this.seal === null) {
      this.logger.warn(
        'What goes to sockets of other processes passes through Redis in plain text: make the transport with socketIoAdapters, or give it the PublicationSeal of the app.',
      );
    }
    this.link = new SocketIoRedisLink(redis, `${prefix}:socket.io`, this.seal, () => {
      this.sync?.offer();
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
   * away and is back. Earlier events may have missed the sockets of this process; devices are asked what they have by the transport itself.
   * What it throws or rejects with is logged.
   */
  onSubscribed(listener: () => unknown): void {
    this.subscribedListeners.add(listener);
  }

  /** @throws RetryLater when devices are connected and none of them acknowledged, while the message is young */
  override async deliver(message: TransportMessage, signal: AbortSignal): Promise<TransportReceipt> {
    signal.throwIfAborted();
    const { messageId, recipientId } = message;
    await this.shareWithSender(message, signal);
    const place = await this.updates?.note(recipientId, 'message', message, signal);
    const sent = { ...toSocketMessage(message), ...inFeed(place) };
    const asking = this.emitAndWait(recipientId, SocketEvent.MESSAGE, sent);
    const { answers, isComplete } = await untilAborted(asking, signal);
    await this.updates?.acknowledged(recipientId, answers, messageId, signal);
    if (answers.length > 0) return { outcome: 'sent', reached: answers.length };
    const isYoung = Date.now() - message.createdAt.getTime() < this.options.patienceMs;
    if (!isComplete && isYoung) {
      throw new RetryLater(TRY_AGAIN_MS, 'The recipient is connected, and no device has acknowledged yet.');
    }
    return { outcome: 'offline', reached: 0 };
  }

  override async announceStatus(announcement: StatusAnnouncement, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { senderId, recipientId, messageId, conversationId } = announcement;
    const place = await this.updates?.note(senderId, 'status', announcement, signal);
    const told = { ...toSocketStatus(announcement), ...inFeed(place) };
    await this.emitToUser(senderId, SocketEvent.STATUS, told, signal);
    if (announcement.status !== 'read') return;
    const read = await this.updates?.note(recipientId, 'read', announcement, signal);
    await this.emitToUser(
      recipientId,
      SocketEvent.READ,
      { messageId, conversationId, ...inFeed(read) },
      signal,
    );
  }

  override async announceRecall(announcement: RecallAnnouncement, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const { userId, messageId, conversationId } = announcement;
    const place = await this.updates?.note(userId, 'recall', announcement, signal);
    const recall = { messageId, conversationId, ...inFeed(place) };
    const { answers } = await untilAborted(this.emitAndWait(userId, SocketEvent.RECALLED, recall), signal);
    await this.updates?.acknowledged(userId, answers, null, signal);
    return answers.length > 0;
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
    return (await untilAborted(this.emitAndWait(userId, event, payload), signal)).answers.length;
  }

  /** Closes what the transport itself opened; an attached server is its owner's to close. */
  onApplicationShutdown(): void {
    this.detach();
  }

  /** The first time that a message is handed on, its sender's devices get it too. Nobody waits for them. */
  private async shareWithSender(message: TransportMessage, signal: AbortSignal): Promise<void> {
    const { updates } = this;
    const { senderId, recipientId, batchId = null } = message;
    if (updates === null || senderId === recipientId || batchId !== null) return;
    const place = await updates.note(senderId, 'own', message, signal);
    if (place?.isNew !== true) return;
    const own = { ...toSocketOwnMessage(message, [recipientId]), ...inFeed(place) };
    const shared = this.emitAndWait(senderId, SocketEvent.OWN_MESSAGE, own).then(({ answers }) =>
      updates.acknowledged(senderId, answers, null, signal),
    );
    // They have it in their feed.
    shared.catch((error: unknown) =>
      this.logger.debug(`A sender's devices were not reached: ${errorCodesOf(error)}`),
    );
  }

  private async emitAndWait(userId: string, event: string, payload: object): Promise<Asked> {
    const server = this.attached();
    await this.subscribed;
    return new Promise((resolve) => {
      server
        .to(this.roomOf(userId))
        .timeout(this.options.ackTimeoutMs)
        .emit(event, payload, (error: Error | null, answers: unknown[]) => {
          resolve({ answers, isComplete: error === null });
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
    this.sync?.close();
    this.sync = null;
    this.server = null;
    this.subscribed = Promise.resolve();
  }
}

function inFeed(place: FeedPlace | null | undefined): InFeed {
  return place ? { position: place.position } : {};
}
