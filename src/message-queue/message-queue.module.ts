import { forwardRef, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { callingPlace } from '../kernel/host/calling-place.js';
import { standsForRegistration } from '../kernel/host/module-registrations.js';
import type { QueueDefinition } from './jobs/queue-definition.js';
import type {
  MessageQueueModuleAsyncOptions,
  MessageQueueModuleOptions,
  RegisterQueueOptions,
} from './message-queue.options.js';
import { queueModule } from './wiring/queue.module.js';
import type { RegisteredOptions } from './wiring/root-setup.js';

/** The wiring loads every part: code that wants a decorator, a payload or the service alone does without them. */
function registered(options: RegisteredOptions, place?: string): DynamicModule {
  const { rootModule } = require('./wiring/root.module.js') as typeof import('./wiring/root.module.js');
  return rootModule(options, place);
}

let plain: DynamicModule | undefined;

/** What the module stands for when it is imported plainly. Nest asks several times, and must be given one object. */
const PLAIN = forwardRef(() => (plain ??= registered({ sync: {} })));

/**
 * Six queues for messages, and a host's own. Import it plainly and the environment alone configures it; import it in
 * as many modules as you like, the same registration counts once.
 *
 * A start fails with `InvalidConfigurationError` (every mistake at once), `DuplicateRegistrationError` (two
 * registrations that differ, both named) or `HandlerRegistrationError` (a job name without a handler, or with two).
 */
@Module({ imports: [PLAIN], exports: [PLAIN] })
export class MessageQueueModule {
  /** Registers with options; whatever they leave out comes from the environment. */
  static forRoot(options: MessageQueueModuleOptions = {}): DynamicModule {
    return registered({ sync: options }, callingPlace(MessageQueueModule.forRoot));
  }

  /** Registers with options that a factory makes, except for those that stand beside it. */
  static forRootAsync(options: MessageQueueModuleAsyncOptions): DynamicModule {
    return registered({ async: options }, callingPlace(MessageQueueModule.forRootAsync));
  }

  /**
   * Adds a host's own queue, with everything the built-in ones have. The module it returns exports the queue's token
   * (`@InjectQueue(name)`). A built-in queue may be named too, for the schedules that a host declares with it.
   */
  static registerQueue<D extends QueueDefinition>(
    definition: D,
    { configKey, schedules }: RegisterQueueOptions<NoInfer<D>> = {},
  ): DynamicModule {
    const place = callingPlace(MessageQueueModule.registerQueue);
    return queueModule({ definition, configKey, schedules }, place);
  }
}

standsForRegistration(MessageQueueModule);
