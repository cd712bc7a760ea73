import type { FactoryProvider, Provider } from '@nestjs/common';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { MessageTransport } from '../../ports/messages/message-transport.js';
import type { WebhookTransportOptions } from './webhook.options.js';
import { WebhookTransport } from './webhook.transport.js';

/** Options that a factory makes, usually because `endpointOf` needs a service of the host. */
export interface WebhookAsyncOptions {
  /** What the factory takes, in order; their modules go into the `imports` of the registration. */
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (...injected: never[]) => WebhookTransportOptions | Promise<WebhookTransportOptions>;
}

/** {@link WebhookTransport} as the app's MessageTransport, for the module's `adapters`. */
export function webhookAdapters(options: WebhookTransportOptions | WebhookAsyncOptions): Provider[] {
  return [
    'useFactory' in options
      ? {
          provide: WebhookTransport,
          useFactory: async (breakers: CircuitBreakers, ...injected: never[]) =>
            new WebhookTransport(await options.useFactory(...injected), breakers),
          inject: [CircuitBreakers, ...(options.inject ?? [])],
        }
      : {
          provide: WebhookTransport,
          useFactory: (breakers: CircuitBreakers) => new WebhookTransport(options, breakers),
          inject: [CircuitBreakers],
        },
    { provide: MessageTransport, useExisting: WebhookTransport },
  ];
}
