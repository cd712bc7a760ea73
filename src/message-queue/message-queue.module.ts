import { Module } from '@nestjs/common';
import type { DynamicModule, InjectionToken, ModuleMetadata, Provider, Type } from '@nestjs/common';
import type { QueueDefinition } from './jobs/queue-definition.js';
import type { MessageQueueOptions } from './message-queue.options.js';
import { callingPlace } from './wiring/calling-place.js';
import { queueModule } from './wiring/queue.module.js';
import { rootModule } from './wiring/root.module.js';
import { standsForRegistration } from './wiring/registrations.js';

/** What puts the module together, before any provider exists. */
export interface MessageQueueModuleSetup {
  /** Whether every module of the app may inject the service and the queues without an import. Default false. */
  readonly isGlobal?: boolean;
  /** Registers a further Redis under this key, beside the app's own; its settings come from the options alone. */
  readonly configKey?: string;
  /** Modules whose providers the adapters or the factory need. */
  readonly imports?: ModuleMetadata['imports'];
  /** Providers for ports (`{ provide: MessageTransport, useClass: … }`); each replaces the port's default adapter. */
  readonly adapters?: readonly Provider[];
}

/** Options of {@link MessageQueueModule.forRoot}. */
export type MessageQueueModuleOptions = MessageQueueModuleSetup & MessageQueueOptions;

/** What a factory returns: every option but those that are needed before it can run, which stand beside it. */
export type MessageQueueFactoryOptions = MessageQueueOptions & {
  readonly [Key in keyof MessageQueueModuleSetup]?: never;
};

/** A class that makes the options. */
export interface MessageQueueOptionsFactory {
  createMessageQueueOptions(): MessageQueueFactoryOptions | Promise<MessageQueueFactoryOptions>;
}

/** Options of {@link MessageQueueModule.forRootAsync}: one of `useFactory`, `useClass` and `useExisting`. */
export interface MessageQueueModuleAsyncOptions extends MessageQueueModuleSetup {
  readonly inject?: readonly (
    InjectionToken | { readonly token: InjectionToken; readonly optional: boolean }
  )[];
  // The arguments are what `inject` names; their types are the host's to state.
  readonly useFactory?: (
    ...dependencies: never[]
  ) => MessageQueueFactoryOptions | Promise<MessageQueueFactoryOptions>;
  readonly useClass?: Type<MessageQueueOptionsFactory>;
  readonly useExisting?: InjectionToken<MessageQueueOptionsFactory>;
}

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

  /** Registers with options that a factory makes, except for those of {@link MessageQueueModuleSetup}. */
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
