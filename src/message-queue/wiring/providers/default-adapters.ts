import type { Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { NodeMessageCipher } from '../../adapters/node-crypto/index.js';
import {
  IN_MEMORY_ADAPTER_PARTS,
  IN_MEMORY_ADAPTERS,
  IN_MEMORY_LIMITS,
  InMemoryDataKeyStore,
  InMemoryMessages,
} from '../../adapters/in-memory/index.js';
import type { InMemoryLimits } from '../../adapters/in-memory/index.js';
import { DeadLetterNotifier, SilentDeadLetterNotifier } from '../../dead-letter/dead-letter-notifier.js';
import { ManagedQueues } from '../../broker/managed-queues.js';
import type { MessageQueueConfig } from '../../message-queue.options.js';
import { MESSAGE_QUEUE_CONFIG } from '../../message-queue.tokens.js';
import { UnpluggedPorts } from '../../monitoring/unplugged-ports.js';
import { DeliveryDispatch } from '../../ports/messages/delivery-dispatch.js';
import { DataKeyStore } from '../../ports/privacy/data-key-store.js';
import { KeyProvider } from '../../ports/encryption/key-provider.js';
import { MessageCipher } from '../../ports/encryption/message-cipher.js';
import { DEFAULT_KEY_PROVIDER } from './sealing-providers.js';
import { DigestDispatch } from '../../ports/notifications/digest-dispatch.js';
import { QueuedDigestDispatch } from '../../facade/dispatch/queued-digest-dispatch.js';
import { QueuedDeliveryDispatch } from '../../facade/dispatch/queued-delivery-dispatch.js';

/**
 * Nobody serves this port on Redis, where jobs would outlive keys in memory: null is injected, and keys are derived from the ring. In memory
 * jobs end with the process, so their keys may too.
 */
const DATA_KEY_STORE: Provider = {
  provide: DataKeyStore,
  useFactory: ({ provider }: MessageQueueConfig, data: InMemoryMessages, limits?: Partial<InMemoryLimits>) =>
    provider !== 'redis' ? new InMemoryDataKeyStore(data, limits) : null,
  inject: [MESSAGE_QUEUE_CONFIG, InMemoryMessages, { token: IN_MEMORY_LIMITS, optional: true }],
};

/** What stands behind each port until the host plugs in an adapter of its own. */
export const DEFAULT_ADAPTERS: readonly Provider[] = [
  ...IN_MEMORY_ADAPTERS.filter(({ provide }) => provide !== KeyProvider),
  DEFAULT_KEY_PROVIDER,
  { provide: MessageCipher, useClass: NodeMessageCipher },
  DATA_KEY_STORE,
  { provide: DeadLetterNotifier, useClass: SilentDeadLetterNotifier },
  { provide: DeliveryDispatch, useClass: QueuedDeliveryDispatch },
  { provide: DigestDispatch, useClass: QueuedDigestDispatch },
];

/** What the default adapters share. */
export const DEFAULT_ADAPTER_PARTS: readonly Provider[] = IN_MEMORY_ADAPTER_PARTS;

/** Knows which ports of the queues memory serves. */
export const UNPLUGGED_PORTS: Provider = {
  provide: UnpluggedPorts,
  useFactory: (queues: ManagedQueues, config: MessageQueueConfig, moduleRef: ModuleRef) =>
    new UnpluggedPorts(queues, config, IN_MEMORY_ADAPTERS, (port) =>
      moduleRef.get<unknown>(port, { strict: false }),
    ),
  inject: [ManagedQueues, MESSAGE_QUEUE_CONFIG, ModuleRef],
};
