import type { InjectionToken, Provider } from '@nestjs/common';
import { IN_MEMORY_ADAPTERS, InMemoryDataKeyStore } from '../adapters/in-memory/index.js';
import { NodeMessageCipher } from '../adapters/node-crypto/index.js';
import { Clock } from '../../kernel/time/clock.js';
import { CircuitBreakers } from '../ports/circuit-breakers.js';
import { MessageCipher } from '../ports/encryption/message-cipher.js';
import { DataKeyStore } from '../ports/privacy/data-key-store.js';
import { DeliveryDispatch } from '../ports/messages/delivery-dispatch.js';
import { DigestDispatch } from '../ports/notifications/digest-dispatch.js';
import { QueuedDigestDispatch } from '../facade/dispatch/queued-digest-dispatch.js';
import { QueuedDeliveryDispatch } from '../facade/dispatch/queued-delivery-dispatch.js';
import { recorded } from './recorded.js';

/** What stands behind the ports of a test that plugs nothing in. */
const DEFAULTS: readonly Provider[] = [
  ...IN_MEMORY_ADAPTERS,
  { provide: MessageCipher, useClass: NodeMessageCipher },
  { provide: DataKeyStore, useClass: InMemoryDataKeyStore },
  { provide: DeliveryDispatch, useClass: QueuedDeliveryDispatch },
  { provide: DigestDispatch, useClass: QueuedDigestDispatch },
];

/** They belong to the module's core, which is made before its ports. */
const CORE: readonly InjectionToken[] = [CircuitBreakers, Clock];

/** An adapter for every port, the host's or the default, each with a recorder before it. @param adapters of the host */
export function recordedAdapters(adapters: readonly Provider[]): Provider[] {
  const given = adapters.map(tokenOf);
  const defaults = DEFAULTS.filter((provider) => !given.includes(tokenOf(provider)));
  return [...defaults, ...adapters].flatMap((provider): Provider[] => {
    const port = tokenOf(provider);
    // A port is an abstract class; a class that stands for itself, or a token of options, is none.
    if (typeof provider === 'function' || typeof port !== 'function' || CORE.includes(port))
      return [provider];
    const adapter = Symbol(port.name);
    return [
      { ...provider, provide: adapter },
      { provide: port, useFactory: (made: object) => recorded(made), inject: [adapter] },
    ];
  });
}

function tokenOf(provider: Provider): InjectionToken {
  return typeof provider === 'function' ? provider : provider.provide;
}
