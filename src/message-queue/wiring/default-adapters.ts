import type { InjectionToken, Provider } from '@nestjs/common';
import { NodeMessageCipher } from '../adapters/node-crypto/index.js';
import { IN_MEMORY_ADAPTER_PARTS, IN_MEMORY_ADAPTERS } from '../adapters/in-memory/index.js';
import { DeadLetterNotifier, SilentDeadLetterNotifier } from '../dead-letter/dead-letter-notifier.js';
import { DeliveryDispatch } from '../ports/messages/delivery-dispatch.js';
import { MessageCipher } from '../ports/encryption/message-cipher.js';
import { QueuedDeliveryDispatch } from '../facade/queued-delivery-dispatch.js';

/** What stands behind each port until the host plugs in an adapter of its own. */
export const DEFAULT_ADAPTERS: readonly Provider[] = [
  ...IN_MEMORY_ADAPTERS,
  { provide: MessageCipher, useClass: NodeMessageCipher },
  { provide: DeadLetterNotifier, useClass: SilentDeadLetterNotifier },
  { provide: DeliveryDispatch, useClass: QueuedDeliveryDispatch },
];

/** What the default adapters share. */
export const DEFAULT_ADAPTER_PARTS: readonly Provider[] = IN_MEMORY_ADAPTER_PARTS;

/**
 * Names of the ports that only an in-memory adapter serves: what goes there stays in this process.
 * @param adapterOf gives what is injected for a token
 */
export function inMemoryPorts(adapterOf: (token: InjectionToken) => unknown): string[] {
  return IN_MEMORY_ADAPTERS.filter(({ provide, useClass }) => adapterOf(provide) instanceof useClass).map(
    ({ provide }) => (typeof provide === 'function' ? provide.name : String(provide)),
  );
}
