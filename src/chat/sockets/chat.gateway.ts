import type { IncomingMessage } from 'node:http';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { OnGatewayConnection, OnGatewayInit } from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';
import { SocketEvent, SocketIoTransport } from '../../message-queue/adapters/socket-io/index.js';
import type { ConfirmationReply } from '../../message-queue/adapters/socket-io/index.js';
import { Confirmations } from './confirmations.js';
import { ChatLock } from '../protection/chat-lock.js';
import { isId } from '../input/fields.js';
import { PendingMessages } from './pending-messages.js';

interface UserData {
  userId: string;
}
type UserSocket = Socket<Record<string, never>, Record<string, never>, Record<string, never>, UserData>;

/** Nothing large comes over the socket: messages are posted, sockets only confirm. */
const MAX_INCOMING_BYTES = 16_384;

/**
 * The users' sockets. A client says who it is with `io({ auth: { userId } })`, and is believed: this is a demo. A host verifies a
 * token in the same place and takes the user id out of it.
 *
 * A user's room is joined first and what waits for the user is delivered after, so that no message falls between.
 */
@WebSocketGateway({
  maxHttpBufferSize: MAX_INCOMING_BYTES,
  // A dead socket is noticed within 15 s; a message that it did not acknowledge is tried again for longer than that.
  pingInterval: 10_000,
  pingTimeout: 5_000,
  allowRequest: allowSameOrigin,
})
export class ChatGateway implements OnGatewayInit<Server>, OnGatewayConnection<UserSocket> {
  constructor(
    private readonly transport: SocketIoTransport,
    private readonly pending: PendingMessages,
    private readonly confirmations: Confirmations,
    private readonly lock: ChatLock,
  ) {}

  afterInit(server: Server): void {
    server.use((socket: UserSocket, next) => {
      if (this.lock.refusal !== undefined) {
        next(new Error(this.lock.refusal));
        return;
      }
      const userId: unknown = socket.handshake.auth['userId'];
      if (!isId(userId)) {
        next(new Error('Say who you are: io({ auth: { userId: "ada" } }).'));
        return;
      }
      socket.data.userId = userId;
      next();
    });
    this.transport.attach(server);
    this.transport.onSubscribed(() => {
      for (const { data } of server.sockets.sockets.values())
        this.pending.deliverTo((data as UserData).userId);
    });
  }

  async handleConnection(socket: UserSocket): Promise<void> {
    const { userId } = socket.data;
    await socket.join(this.transport.roomOf(userId));
    this.pending.deliverTo(userId);
  }

  /** A client has shown a message, or its user has read it. */
  @SubscribeMessage(SocketEvent.CONFIRM)
  confirm(@ConnectedSocket() socket: UserSocket, @MessageBody() body: unknown): Promise<ConfirmationReply> {
    return this.confirmations.confirm(socket.data.userId, body);
  }
}

/** Browsers let every page open sockets to any server; only our own pages may. */
function allowSameOrigin(
  request: IncomingMessage,
  decide: (error: string | null | undefined, isAllowed: boolean) => void,
): void {
  const { origin, host } = request.headers;
  decide(null, origin === undefined || (URL.canParse(origin) && new URL(origin).host === host));
}
