import { Module } from '@nestjs/common';
import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { getQueueToken } from '@nestjs/bull-shared';
import type { Queue } from 'bull';
import type { Broker } from '../broker/broker.js';
import { InvalidConfigurationError } from '../../kernel/errors.js';
import { RegisteredQueues } from '../broker/registry/registered-queues.js';
import type { QueueRegistration } from './registrations.js';
import { SameObject } from '../../kernel/values/same-options.js';
import { getBrokerToken } from '../message-queue.tokens.js';
import { QUEUE_REGISTRATION } from './tokens.js';

/** One host's queue. */
@Module({})
class RegisteredQueueModule {}

const MODULES = new SameObject(
  (registered: Omit<QueueRegistration, 'place'>, place: string): DynamicModule => {
    const { definition, configKey } = registered;
    const registration: QueueRegistration = { ...registered, place };
    return {
      module: RegisteredQueueModule,
      providers: [
        { provide: QUEUE_REGISTRATION, useValue: registration },
        queueProvider(definition.name, configKey),
      ],
      exports: [getQueueToken(definition.name)],
    };
  },
);

/** The module of a host's queue; the same object for the same definition and options. */
export function queueModule(registered: Omit<QueueRegistration, 'place'>, place: string): DynamicModule {
  return MODULES.of(registered, place);
}

/** Puts a queue under its token. */
export function queueProvider(name: string, configKey?: string): FactoryProvider<Queue | undefined> {
  return {
    provide: getQueueToken(name),
    useFactory: (queues?: RegisteredQueues, broker?: Broker) => {
      if (queues === undefined || broker === undefined) {
        throw new InvalidConfigurationError(`Queue "${name}" cannot be opened.`, [
          {
            path: name,
            message:
              'MessageQueueModule is not registered; import it, or MessageQueueModule.forRoot(…), in the app too.',
          },
        ]);
      }
      return queues.create(name, broker);
    },
    inject: [
      { token: RegisteredQueues, optional: true },
      { token: getBrokerToken(configKey), optional: true },
    ],
  };
}
