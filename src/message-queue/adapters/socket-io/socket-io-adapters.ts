import type { FactoryProvider, Provider } from '@nestjs/common';
import { MessageTransport } from '../../ports/messages/message-transport.js';
import { InAppChannel } from '../../ports/notifications/notification-channel.js';
import { PublicationSeal } from '../../ports/privacy/publication-seal.js';
import { SocketIoInAppChannel } from './socket-io-in-app.channel.js';
import type { SocketIoTransportOptions } from './socket-io.options.js';
import { SocketIoTransport } from './socket-io.transport.js';

/** Options that a factory makes. */
export interface SocketIoAsyncOptions {
  /** What the factory takes, in order. */
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (...injected: never[]) => SocketIoTransportOptions | Promise<SocketIoTransportOptions>;
}

/**
 * {@link SocketIoTransport} as the app's MessageTransport and {@link SocketIoInAppChannel} as its InAppChannel, for the module's
 * `adapters`; a gateway injects the transport by its class. What goes to other processes is sealed as `privacy.sealing` says.
 *
 * ```ts
 * MessageQueueModule.forRoot({
 *   adapters: socketIoAdapters({
 *     inject: [MESSAGE_QUEUE_CONFIG],
 *     useFactory: ({ redis, prefix }: MessageQueueConfig) => ({ redis, prefix }),
 *   }),
 * })
 * ```
 */
export function socketIoAdapters(options: SocketIoTransportOptions | SocketIoAsyncOptions): Provider[] {
  return [
    'useFactory' in options
      ? {
          provide: SocketIoTransport,
          useFactory: async (seal: PublicationSeal, ...injected: never[]) =>
            new SocketIoTransport(await options.useFactory(...injected), seal),
          inject: [PublicationSeal, ...(options.inject ?? [])],
        }
      : {
          provide: SocketIoTransport,
          useFactory: (seal: PublicationSeal) => new SocketIoTransport(options, seal),
          inject: [PublicationSeal],
        },
    { provide: MessageTransport, useExisting: SocketIoTransport },
    {
      provide: InAppChannel,
      useFactory: (transport: SocketIoTransport) => new SocketIoInAppChannel(transport),
      inject: [SocketIoTransport],
    },
  ];
}
