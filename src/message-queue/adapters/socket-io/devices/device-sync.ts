import type { Server, Socket } from 'socket.io';
import { SafeLogger } from '../../../../kernel/host/safe-logger.js';
import { errorCodesOf } from '../../../../kernel/logging/error-text.js';
import { RepeatedLines } from '../../../../kernel/logging/repeated-lines.js';
import { SystemClock } from '../../../../kernel/time/clock.js';
import type { DeviceId } from '../../../ports/messages/device-feed.js';
import { SocketEvent } from '../socket-protocol.js';
import type { SyncReply } from '../socket-protocol.js';
import { parseSyncRequest, readMessageIn } from './device-words.js';
import type { DeviceUpdates } from './device-updates.js';
import { JoinedRooms } from './joined-rooms.js';
import { cutToSize, toSyncItems } from './sync-items.js';

const PAGE = 100;
/** Less than a client waits before it asks again. */
const JOINS_WITHIN_MS = 4_000;
/** A device that has everything and asks again is answered so often, milliseconds. */
const IDLE_ANSWER_EVERY_MS = 1_000;
const SAY_AGAIN_AFTER_MS = 30_000;

/** What is known of one socket. */
interface Line {
  device: DeviceId | null;
  isBusy: boolean;
  /** When it was last told that nothing is left. */
  idleAt: number;
}

/**
 * Answers devices that say who they are: with what they missed, page by page, the next one when they have taken the one before. Whose device
 * it is follows from the room that the gateway has put its socket into.
 */
export class DeviceSync {
  private readonly logger = new SafeLogger('SocketIoTransport');
  private readonly lines = new RepeatedLines(new SystemClock(), SAY_AGAIN_AFTER_MS);
  private readonly stopping = new AbortController();
  private readonly rooms: JoinedRooms;
  private readonly sockets = new Map<Socket, Line>();
  private server: Server | null = null;

  /** @param ownerOf the user whose room it is; null: it is another room */
  constructor(
    private readonly updates: DeviceUpdates,
    ownerOf: (room: string) => string | null,
  ) {
    this.rooms = new JoinedRooms(ownerOf);
  }

  /** Listens to the clients of a server. */
  attach(server: Server): void {
    this.server = server;
    server.on('connection', this.connected);
  }

  /** Asks all devices of this process what they have: something may have missed them. */
  offer(): void {
    for (const socket of this.sockets.keys()) socket.emit(SocketEvent.FEED);
  }

  close(): void {
    this.stopping.abort(new Error('The app is shutting down.'));
    this.server?.off('connection', this.connected);
    this.rooms.close();
    this.lines.flush();
  }

  private readonly connected = (socket: Socket): void => {
    const line: Line = { device: null, isBusy: false, idleAt: 0 };
    this.sockets.set(socket, line);
    socket.once('disconnect', () => this.sockets.delete(socket));
    socket.on(SocketEvent.SYNC, (request: unknown, reply: unknown) => {
      if (typeof reply === 'function')
        void this.answer(socket, line, request, reply as (it: SyncReply) => void);
    });
    socket.use((packet, next) => void this.noteRead(line, packet, next));
    socket.emit(SocketEvent.FEED);
  };

  private async answer(
    socket: Socket,
    line: Line,
    request: unknown,
    reply: (it: SyncReply) => void,
  ): Promise<void> {
    const asked = parseSyncRequest(request);
    if (asked === null) {
      reply({ ok: false, error: 'Send { deviceId, position? }.' });
      return;
    }
    if (line.device !== null && line.device.deviceId !== asked.deviceId) {
      reply({ ok: false, error: 'This connection belongs to another device: connect again.' });
      return;
    }
    // One question at a time: this client asked before it was answered.
    if (line.isBusy) return;
    line.isBusy = true;
    try {
      const personId = line.device?.personId ?? (await this.rooms.userOf(socket, JOINS_WITHIN_MS));
      // Without an answer the client asks again.
      if (personId === null) return;
      line.device = { personId, deviceId: asked.deviceId };
      await this.untilItsTurn(line);
      const answer = await this.next(line.device, asked.position ?? null);
      if (answer.items.length === 0 && !answer.hasMore) line.idleAt = Date.now();
      reply(answer);
    } catch (error) {
      this.tell('What a device missed could not be read', error);
    } finally {
      line.isBusy = false;
    }
  }

  private async next(
    device: DeviceId,
    position: number | null,
  ): Promise<Extract<SyncReply, { readonly ok: true }>> {
    const { signal } = this.stopping;
    const from = await this.updates.greet(device, position, signal);
    const page = cutToSize(await this.updates.feed.list(device.personId, from, PAGE, signal));
    const items = page.entries.flatMap((entry) => toSyncItems(device.personId, entry));
    return { ok: true, from, items, position: page.position, hasMore: page.hasMore };
  }

  private untilItsTurn({ idleAt }: Line): Promise<void> {
    const waitMs = idleAt + IDLE_ANSWER_EVERY_MS - Date.now();
    return waitMs <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, waitMs).unref());
  }

  /** A confirmation passes when it is noted for the device; else its client gets no answer and sends it again. */
  private async noteRead(
    { device }: Line,
    [event, body]: readonly unknown[],
    next: (error?: Error) => void,
  ): Promise<void> {
    const messageId = event === SocketEvent.CONFIRM && device !== null ? readMessageIn(body) : null;
    try {
      if (messageId !== null && device !== null)
        await this.updates.feed.noteRead(device, messageId, this.updates.now(), this.stopping.signal);
    } catch (error) {
      this.tell('What was read on a device could not be noted', error);
      return;
    }
    next();
  }

  private tell(what: string, error: unknown): void {
    if (this.stopping.signal.aborted) return;
    const line = `${what} (${errorCodesOf(error)}): it is asked for again. Look at the store of the messages.`;
    this.lines.add({
      kind: what,
      write: () => this.logger.error(line),
      sum: ({ count, seconds }) => this.logger.error(`${line} ${count} times more within ${seconds} s.`),
    });
  }
}
