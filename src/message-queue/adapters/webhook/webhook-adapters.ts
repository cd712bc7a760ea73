import type { FactoryProvider, Provider } from '@nestjs/common';
import { Clock } from '../../../kernel/time/clock.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { MessageTransport } from '../../ports/messages/message-transport.js';
import { Suppressions } from '../../ports/suppressions/suppressions.js';
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
  const make = 'useFactory' in options ? options : { useFactory: () => options };
  return [
    {
      provide: WebhookTransport,
      useFactory: async (
        breakers: CircuitBreakers,
        suppressions: Suppressions,
        clock: Clock,
        ...injected: never[]
      ) => new WebhookTransport(await make.useFactory(...injected), breakers, suppressions, clock),
      inject: [CircuitBreakers, Suppressions, Clock, ...(('inject' in make ? make.inject : undefined) ?? [])],
    },
    { provide: MessageTransport, useExisting: WebhookTransport },
  ];
}
