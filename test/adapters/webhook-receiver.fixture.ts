import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebhookTransport } from '../../src/message-queue/adapters/webhook/index.js';
import type { WebhookTransportOptions } from '../../src/message-queue/adapters/webhook/index.js';
import type { TransportMessage } from '../../src/message-queue/ports/messages/message-transport.js';

/** What its webhooks are signed with. */
export const SECRET = 'a secret of more than 16 bytes';
/** What no error may quote. */
export const CONTENT = 'Grüße 👋 — top secret marker';

/** One request that a receiver got. */
export interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real HTTP server that notes what it gets. */
export class Receiver {
  readonly seen: Seen[] = [];
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(
    answer: (response: ServerResponse, request: IncomingMessage) => void,
    host = '127.0.0.1',
    port = 0,
  ): Promise<Receiver> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        receiver.seen.push({ method, path: url, headers, body: Buffer.concat(chunks).toString() });
        answer(response, request);
      });
    });
    server.listen(port, host);
    await once(server, 'listening');
    const receiver = new Receiver(server, (server.address() as AddressInfo).port);
    return receiver;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A message for grace. */
export function message(over: Partial<TransportMessage> = {}): TransportMessage {
  return {
    messageId: 'm1',
    senderId: 'ada',
    recipientId: 'grace',
    conversationId: 'c1',
    content: CONTENT,
    encrypted: false,
    attachments: [],
    createdAt: new Date(),
    ...over,
  };
}

/** Where a receiver listens. */
export function to(port: number, path = '/hook'): string {
  return `http://127.0.0.1:${port}${path}`;
}

/** A transport that may call this machine. */
export function transport(url: string, over: Partial<WebhookTransportOptions> = {}): WebhookTransport {
  return new WebhookTransport({
    endpointOf: () => ({ url, secrets: [SECRET] }),
    allowHttp: true,
    allowPrivateAddresses: true,
    ...over,
  });
}

/** What a delivery throws. */
export async function failureOf(delivery: Promise<unknown>): Promise<unknown> {
  return delivery.then(
    () => Promise.reject(new Error('It was delivered.')),
    (error: unknown) => error,
  );
}
