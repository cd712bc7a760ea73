import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { QueueDefinition } from './jobs/queue-definition.js';
import type { MessageQueueModuleAsyncOptions, MessageQueueModuleOptions } from './message-queue.options.js';
import { queueModule } from './wiring/queue.module.js';
import { rootModule } from './wiring/root.module.js';
import { callingPlace, standsForRegistration } from './wiring/registrations.js';

/**
 * Six queues for messages, and a host's own. Import it plainly and the environment alone configures it; import it in
 * as many modules as you like, the same registration counts once.
 *
 * A start fails with `InvalidConfigurationError` (every mistake at once), `DuplicateRegistrationError` (two
 * registrations that differ, both named) or `HandlerRegistrationError` (a job name without a handler, or with two).
 */
@Module({ imports: [rootModule({ sync: {} })], exports: [rootModule({ sync: {} })] })
export class MessageQueueModule {
  /** Registers with options; whatever they leave out comes from the environment. */
  static forRoot(options: MessageQueueModuleOptions = {}): DynamicModule {
    return rootModule({ sync: options }, callingPlace(MessageQueueModule.forRoot));
  }

  /** Registers with options that a factory makes, except for those that stand beside it. */
  static forRootAsync(options: MessageQueueModuleAsyncOptions): DynamicModule {
    return rootModule({ async: options }, callingPlace(MessageQueueModule.forRootAsync));
  }

  /**
   * Adds a host's own queue, with everything the built-in ones have. The module it returns exports the queue's token
   * (`@InjectQueue(name)`).
   * @param options `configKey`: the further Redis that keeps the queue
   */
  static registerQueue(
    definition: QueueDefinition,
    options: { readonly configKey?: string } = {},
  ): DynamicModule {
    return queueModule(definition, options.configKey, callingPlace(MessageQueueModule.registerQueue));
  }
}

standsForRegistration(MessageQueueModule);
