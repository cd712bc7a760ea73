import type { Provider } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { getQueueToken } from '@nestjs/bull-shared';
import { InvalidConfigurationError } from '../../kernel/errors.js';
import { Issues } from '../../kernel/values/issues.js';
import type { ResolvedConfiguration } from '../configuration/resolve-configuration.js';
import { DeliveryDispatch } from '../ports/messages/delivery-dispatch.js';
import { QueueName } from '../queues/queue-name.js';
import { tokenOf } from './tokens.js';

/** Where Nest keeps what `@Inject` names in a constructor, and on properties; it does not export the keys. */
const CONSTRUCTOR_METADATA = 'self:paramtypes';
const PROPERTIES_METADATA = 'self:properties_metadata';

/**
 * Finds, before anything exists, whatever would otherwise discover in the middle of its work that a queue is left out.
 * @param adapters those that the host plugged in
 * @throws InvalidConfigurationError listing every class that injects such a queue, and batches without a way out
 */
export function refuseUseOfLeftOutQueues(
  { config: { builtInQueues }, leftOut }: ResolvedConfiguration,
  modules: ModulesContainer,
  adapters: readonly Provider[],
): void {
  const issues = new Issues();
  for (const { name } of leftOut) {
    for (const user of classesThatInject(getQueueToken(name), modules)) {
      issues.add('builtInQueues', `leaves out "${name}", which ${user} injects; name it, or do without it`);
    }
  }
  const { BATCH_MESSAGE_SENDING: batch, MESSAGE_DELIVERY: delivery } = QueueName;
  const hasOwnDispatch = adapters.some((adapter) => tokenOf(adapter) === DeliveryDispatch);
  if (builtInQueues.includes(batch) && !builtInQueues.includes(delivery) && !hasOwnDispatch) {
    issues.add(
      'builtInQueues',
      `names "${batch}" without "${delivery}", which its messages go to; name both, or say where they go with adapters: [{ provide: DeliveryDispatch, useClass: … }]`,
    );
  }
  issues.throwIfAny(InvalidConfigurationError, 'The message queue cannot start: a queue is missing.');
}

function classesThatInject(token: string, modules: ModulesContainer): string[] {
  return [...modules.values()].flatMap((module) =>
    [...module.providers.values(), ...module.controllers.values()]
      .filter(({ metatype, inject }) => [...(inject ?? []), ...injectedInto(metatype)].includes(token))
      .map(({ name }) => `${String(name)} of ${module.metatype.name}`),
  );
}

function injectedInto(type: unknown): unknown[] {
  if (typeof type !== 'function') return [];
  const ofConstructor = (Reflect.getMetadata(CONSTRUCTOR_METADATA, type) ?? []) as { param: unknown }[];
  const ofProperties = (Reflect.getMetadata(PROPERTIES_METADATA, type) ?? []) as { type: unknown }[];
  return [...ofConstructor.map(({ param }) => param), ...ofProperties.map(({ type: injected }) => injected)];
}
