import { ForbiddenException, HttpException } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { OnGatewayConnection, OnGatewayInit } from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';
import { SocketEvent, SocketIoTransport } from '../../message-queue/adapters/socket-io/index.js';
import type { ConfirmationReply } from '../../message-queue/adapters/socket-io/index.js';
import { Clock } from '../../message-queue/ports/index.js';
import { Confirmations } from './confirmations.js';
import type { Principal } from '../sign-in/principal.js';
import { PrincipalReader } from '../sign-in/principal-reader.js';

interface UserData {
  principal: Principal;
  /** When the session of its handshake ends. */
  until: number;
}
type UserSocket = Socket<Record<string, never>, Record<string, never>, Record<string, never>, UserData>;

/** Nothing large comes over the socket: messages are posted, sockets only confirm. */
const MAX_INCOMING_BYTES = 16_384;

/**
 * The users' sockets. One belongs to whoever is signed in in its browser, as the cookie of the handshake says, and for as long. Web sockets only: long polling
 * posts plain text, which nothing here takes.
 *
 * A socket joins its user's room, and that is all: the transport gives each device what it missed.
 */
@WebSocketGateway({
  maxHttpBufferSize: MAX_INCOMING_BYTES,
  transports: ['websocket'],
  // A dead socket is noticed within 15 s; a message that it did not acknowledge is tried again for longer than that.
  pingInterval: 10_000,
  pingTimeout: 5_000,
})
export class ChatGateway implements OnGatewayInit<Server>, OnGatewayConnection<UserSocket> {
  constructor(
    private readonly transport: SocketIoTransport,
    private readonly confirmations: Confirmations,
    private readonly reader: PrincipalReader,
    private readonly clock: Clock,
  ) {}

  afterInit(server: Server): void {
    server.use((socket: UserSocket, next) => {
      try {
        this.signIn(socket);
        next();
      } catch (error) {
        next(new Error(error instanceof HttpException ? error.message : 'The chat cannot say who you are.'));
      }
    });
    this.transport.attach(server);
  }

  async handleConnection(socket: UserSocket): Promise<void> {
    const { principal, until } = socket.data;
    // The cookie is read at the handshake only.
    const end = this.clock.setTimer(() => socket.disconnect(true), Math.max(0, until - this.clock.now()));
    socket.once('disconnect', () => end.cancel());
    await socket.join(this.transport.roomOf(principal.id));
  }

  /** A client has shown a message, or its user has read it. */
  @SubscribeMessage(SocketEvent.CONFIRM)
  confirm(@ConnectedSocket() socket: UserSocket, @MessageBody() body: unknown): Promise<ConfirmationReply> {
    return this.confirmations.confirm(socket.data.principal, body);
  }

  /** @throws Error that says why the socket belongs to nobody */
  private signIn(socket: UserSocket): void {
    const { auth } = socket.handshake;
    if ('userId' in auth)
      throw new ForbiddenException('Leave userId out: a socket belongs to whoever is signed in.');
    socket.data.principal = this.reader.read(socket.request, auth['as']);
    socket.data.until = this.reader.session(socket.request).until;
  }
}
