import { Module } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { SafeLogger } from '../../kernel/host/safe-logger.js';
import { readEnvironment } from '../../kernel/settings/environment.js';
import type { Environment } from '../../kernel/settings/environment.js';
import { SystemClock } from '../../kernel/time/clock.js';
import { valueAt } from '../../kernel/settings/read-settings.js';
import type { EventSystem, EventSystemOptions } from '../event-system.js';
import type { BufferedEventConfig } from '../buffered-events.options.js';
import type { EventBus } from '../bus/event-bus.js';
import { resolveEventBusSettings } from '../configuration/resolve-event-bus-settings.js';
import { SETTINGS } from '../configuration/settings.js';
import { bootHandlers } from '../threads/boot/boot-handlers.js';
import type { BootedHandlers } from '../threads/boot/boot-handlers.js';
import { appBus } from './app-bus.js';
import { EarlyBus } from './early-bus.js';

/**
 * See `bootstrapEventSystem`.
 * @public loaded with require
 */
export function startEventSystem(
  listeners: readonly Type<object>[],
  options: EventSystemOptions,
): EventSystem {
  const settings = settingsOf(listeners, options);
  const { bus, service } = appBus({
    settings,
    clock: new SystemClock(),
    hasModule: () => false,
    hasThreadHandlers: () => listeners.length > 0,
    around: (inner) => new EarlyBus(inner, settings.maxEventSize, () => ready),
  });
  const booting = bootListeners(listeners, bus);
  const ready = booting.then(() => service.initialize());
  const shutdown = async (): Promise<void> => {
    // It fails when this comes first: whoever shuts down knows, and may have awaited it or not.
    ready.catch(() => undefined);
    await service.shutdown();
    const booted = await booting.catch(() => undefined);
    await booted?.close();
  };
  return { eventBus: service, bufferedEventBus: service, ready, shutdown };
}

/** The listeners as an application context of their own. */
async function bootListeners(listeners: readonly Type<object>[], bus: EventBus): Promise<BootedHandlers> {
  @Module({ providers: [...listeners] })
  class EventListenersModule {}
  const booted = await bootHandlers(EventListenersModule, bus);
  try {
    for (const handler of booted.handlers) bus.register(handler.type, handler, handler.place);
  } catch (error) {
    await booted.close();
    throw error;
  }
  return booted;
}

function settingsOf(
  listeners: readonly Type<object>[],
  { useBufferedProcessing = false, bufferedEventConfig = {} }: EventSystemOptions,
): ReturnType<typeof resolveEventBusSettings> {
  const environment = readEnvironment();
  if (!useBufferedProcessing) {
    return resolveEventBusSettings({ ...bufferedEventConfig, enabled: false }, environment);
  }
  if (listeners.length > 0 || namesModule(bufferedEventConfig, environment)) {
    return resolveEventBusSettings(bufferedEventConfig, environment);
  }
  const settings = resolveEventBusSettings({ ...bufferedEventConfig, workerCount: 0 }, environment);
  if (settings.enabled) {
    new SafeLogger('BufferedEvents').warn(
      'No listeners and no threads.module were given: there is nothing that worker threads could run, so none are started. ' +
        'Handlers that are registered by hand run in the thread of the app.',
    );
  }
  return settings;
}

function namesModule(config: BufferedEventConfig, environment: Environment): boolean {
  const { variable } = SETTINGS.threads.module;
  const named = valueAt(config, 'threads.module') ?? (variable && environment.get(variable));
  return named !== undefined;
}
