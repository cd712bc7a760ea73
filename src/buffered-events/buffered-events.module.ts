import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { callingPlace } from '../kernel/host/calling-place.js';
import type {
  BufferedEventsModuleAsyncOptions,
  BufferedEventsModuleOptions,
} from './buffered-events.options.js';
import type { RegisteredOptions } from './wiring/root-setup.js';

/** The wiring loads every part: code that wants a decorator or the service's class alone does without them. */
function registered(options: RegisteredOptions, place: string): DynamicModule {
  const { rootModule } = require('./wiring/root.module.js') as typeof import('./wiring/root.module.js');
  return rootModule(options, place);
}

/**
 * Events that are handled on worker threads. Register it once, in the root module, and name the module with the handlers in
 * `threads.module`: each thread boots it. The bus starts in `onModuleInit`, before the other modules, runs handlers in the
 * app's thread once all of them are up, and stops in `onModuleDestroy` (call `app.enableShutdownHooks()`), before the other modules too.
 *
 * Imported into the module that threads boot, it is the bus of the app there, and its options are not read.
 *
 * A start fails with `InvalidConfigurationError` (every mistake at once), `DuplicateRegistrationError` (two registrations that differ, both
 * named), `EventHandlerRegistrationError` (handlers that contradict each other) or `EventThreadStartError` (the error of the first thread).
 */
@Module({})
export class BufferedEventsModule {
  /** Registers with options; whatever they leave out comes from the environment. */
  static forRoot(options: BufferedEventsModuleOptions = {}): DynamicModule {
    return registered({ sync: options }, callingPlace(BufferedEventsModule.forRoot));
  }

  /** Registers with options that a factory makes, except for those that stand beside it. */
  static forRootAsync(options: BufferedEventsModuleAsyncOptions): DynamicModule {
    return registered({ async: options }, callingPlace(BufferedEventsModule.forRootAsync));
  }
}
