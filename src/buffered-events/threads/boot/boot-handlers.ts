import { Module } from '@nestjs/common';
import type { DynamicModule, LoggerService, Type } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, NestFactory } from '@nestjs/core';
import { bootFor } from '../../../kernel/host/handlers-host.js';
import { settlesWithin } from '../../../kernel/time/settles-within.js';
import type { EventBus } from '../../bus/event-bus.js';
import { scanEventHandlers } from '../../events/handler-scan.js';
import type { FoundHandler } from '../../events/handler-scan.js';
import { HandlersBusModule } from './handlers-bus.module.js';

/** How long shutdown hooks of the module may take, milliseconds. */
const CLOSE_MS = 1_000;

/** A module whose handlers can run. */
export interface BootedHandlers {
  readonly handlers: readonly FoundHandler[];
  /** Runs its shutdown hooks, for one second at most. What they throw is logged by Nest. */
  close(): Promise<void>;
}

@Module({})
class EventHandlersModule {}

/**
 * Boots a module as an application context of its own, with all its providers and hooks, and finds its handlers. Nothing that the
 * app has already is started for it a second time: see `busOfHandlers`.
 * @param bus that the handlers work for, and may inject
 * @param logger undefined: the app's
 * @throws what its boot throws; EventHandlerRegistrationError
 */
export async function bootHandlers(
  module: Type,
  bus: EventBus,
  logger?: LoggerService,
): Promise<BootedHandlers> {
  return bootFor(bus, async () => {
    const root: DynamicModule = {
      module: EventHandlersModule,
      imports: [HandlersBusModule.for(bus), DiscoveryModule, module],
    };
    const app = await NestFactory.createApplicationContext(root, {
      // Or Nest would end the process itself, and nobody would be told why.
      abortOnError: false,
      ...(logger !== undefined && { logger }),
    });
    const close = async (): Promise<void> => {
      await settlesWithin(app.close(), CLOSE_MS);
    };
    try {
      return { handlers: scanEventHandlers(app.get(DiscoveryService)), close };
    } catch (error) {
      await close();
      throw error;
    }
  });
}
