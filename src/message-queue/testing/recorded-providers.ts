import type { InjectionToken, Provider } from '@nestjs/common';
import { IN_MEMORY_ADAPTERS } from '../adapters/in-memory/index.js';
import { MessageCipher } from '../ports/encryption/message-cipher.js';
import { DeliveryDispatch } from '../ports/messages/delivery-dispatch.js';
import { recorded } from './recorded.js';

const OUR_PORTS: readonly unknown[] = [
  ...IN_MEMORY_ADAPTERS.map(({ provide }) => provide),
  MessageCipher,
  DeliveryDispatch,
];

/**
 * The providers of a module with a recorder before each port: those of the library, and those whose adapters the host gave.
 * @param adapters of the host
 */
export function recordedProviders(providers: readonly Provider[], adapters: readonly Provider[]): Provider[] {
  const ports = [...OUR_PORTS, ...adapters.map(tokenOf)];
  return providers.flatMap((provider) => {
    const token = tokenOf(provider);
    // A port is an abstract class; a class that stands for itself, or a token of options, is none.
    if (typeof provider === 'function' || typeof token !== 'function' || !ports.includes(token))
      return [provider];
    const adapter = Symbol(token.name);
    return [
      { ...provider, provide: adapter },
      { provide: token, useFactory: (made: object) => recorded(made), inject: [adapter] },
    ];
  });
}

function tokenOf(provider: Provider): InjectionToken {
  return typeof provider === 'function' ? provider : provider.provide;
}
