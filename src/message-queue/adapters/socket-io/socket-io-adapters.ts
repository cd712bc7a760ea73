import type { FactoryProvider, Provider } from '@nestjs/common';
import { Clock } from '../../../kernel/time/clock.js';
import { DeviceFeed } from '../../ports/messages/device-feed.js';
import { MessageStore } from '../../ports/messages/message-store.js';
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
 * `adapters`; a gateway injects the transport by its class. What devices missed comes from the app's DeviceFeed. What goes to other processes is sealed as `privacy.sealing` says.
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
  const make = 'useFactory' in options ? options.useFactory : () => options;
  const inject = 'useFactory' in options ? (options.inject ?? []) : [];
  return [
    {
      provide: SocketIoTransport,
      useFactory: async (
        seal: PublicationSeal,
        feed: DeviceFeed,
        messages: MessageStore,
        clock: Clock,
        ...injected: never[]
      ) => new SocketIoTransport(await make(...injected), seal, { feed, messages, clock }),
      inject: [PublicationSeal, DeviceFeed, MessageStore, Clock, ...inject],
    },
    { provide: MessageTransport, useExisting: SocketIoTransport },
    {
      provide: InAppChannel,
      useFactory: (transport: SocketIoTransport) => new SocketIoInAppChannel(transport),
      inject: [SocketIoTransport],
    },
  ];
}
