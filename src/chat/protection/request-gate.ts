import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { changeRefusal } from '../../message-queue/operations/index.js';
import { AllowedHosts } from './allowed-hosts.js';

interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** What the library answers by itself, or has guarded: it asks the same of a change, and writes down the ones that it refuses. */
const DOORS = /^\/(api\/queue|queue|admin\/(queues|console))(\/|\?|$)/;

/**
 * Stands before everything that the app's web server answers: pages, API, board, parsers and the handshakes of sockets. Refuses requests for hosts that
 * are not ours (421), and changes that another site asks for (403) or sends as something else than JSON (415); of the queues' own pages and API the
 * library refuses those.
 */
@Injectable()
export class RequestGate implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly hosts: AllowedHosts,
  ) {}

  /** Whatever listens to the server by now is called for requests that pass, and for no others. */
  onModuleInit(): void {
    const httpAdapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | null | undefined;
    // A worker has no web server.
    if (httpAdapter === undefined || httpAdapter === null) return;
    const server = httpAdapter.getHttpServer() as Server;
    this.standBefore(server, 'request', (response, refusal) => {
      answer(response as ServerResponse, refusal);
    });
    this.standBefore(server, 'upgrade', (socket, refusal) => {
      hangUp(socket as Duplex, refusal);
    });
  }

  private standBefore(
    server: Server,
    event: 'request' | 'upgrade',
    refuse: (answer: unknown, refusal: Refusal) => void,
  ): void {
    const listeners = server.listeners(event);
    if (listeners.length === 0) return;
    server.removeAllListeners(event);
    server.on(event, (request: IncomingMessage, ...rest: unknown[]) => {
      const refusal = this.refusalOf(request);
      if (refusal !== null) refuse(rest[0], refusal);
      else for (const listener of listeners) listener.call(server, request, ...rest);
    });
  }

  private refusalOf(request: IncomingMessage): Refusal | null {
    const { url = '', headersDistinct, socket } = request;
    const [host, ...others] = headersDistinct['host'] ?? [];
    // An address in place of a path would count for more than the Host header.
    const isOne = others.length === 0 && url.startsWith('/');
    if (isOne && this.hosts.allows(host, socket.localPort))
      return hasDoor(request) ? null : changeRefusal(request);
    return {
      status: 421,
      reason: 'This server does not answer for that host. If it should, name the host in CHAT_HOSTS.',
    };
  }
}

function hasDoor({ url = '', headers }: IncomingMessage): boolean {
  return headers.upgrade === undefined && DOORS.test(url);
}

function bodyOf({ status, reason }: Refusal): string {
  return JSON.stringify({ statusCode: status, message: reason });
}

/** What is left of the request is not read. */
function answer(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, { 'Content-Type': 'application/json', Connection: 'close' });
  response.end(bodyOf(refusal));
}

/** The server has given the socket away: nobody else hears of its errors, or waits for the other side to close it too. */
function hangUp(socket: Duplex, refusal: Refusal): void {
  socket.on('error', () => socket.destroy());
  socket.end(rawAnswer(refusal), () => socket.destroy());
}

function rawAnswer(refusal: Refusal): string {
  const body = bodyOf(refusal);
  return [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
    ...['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close'],
    ...['', body],
  ].join('\r\n');
}
