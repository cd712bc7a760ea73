import type { InjectionToken, ModuleMetadata, Type } from '@nestjs/common';
import type { GivenOptions } from '../kernel/values/options.js';
import { defaultWorkerCount } from './configuration/default-worker-count.js';
import type { SETTINGS } from './configuration/settings.js';
import type { LeftoverEvent } from './events/event-words.js';

/**
 * What a host may set of buffered events. Everything may be left out: an option wins over its environment variable
 * (`BUFFERED_EVENTS_…`, `docs/configuration.md` has the table), which wins over the default.
 *
 * Five settings have two names (`memoryLimits.maxQueueSize` is `maxQueueSize`): a start with two different values for one is refused.
 */
export interface BufferedEventConfig extends GivenOptions<typeof SETTINGS> {
  /**
   * Asked in an emit that says no `correlationId` and happens in no handler, for what ties it to its cause, such as a request's id. What
   * it throws is logged, and the event has the default: its own id.
   */
  readonly correlationId?: () => string | undefined;
  /**
   * Asked in each emit for what is to travel along, as JSON; handlers find it in `currentEvent().carried`. What a handler emits carries on what
   * came with its own event. Default: nothing.
   */
  readonly carry?: () => unknown;
  /**
   * Given, once, the events that were not handled when the bus stopped: the place to put them into a queue. What it throws is logged.
   * Default: their types are counted in the log.
   */
  readonly onLeftover?: (events: readonly LeftoverEvent[]) => unknown;
}

/** What puts the module together, before any provider exists. */
export interface BufferedEventsModuleSetup {
  /** Whether every module of the app may inject `BufferedEventBusService`; false: only modules that import this registration. Default true. */
  readonly isGlobal?: boolean;
}

/** Options of `BufferedEventsModule.forRoot`. */
export type BufferedEventsModuleOptions = BufferedEventConfig & BufferedEventsModuleSetup;

/** What a factory returns: every option but those that are needed before it can run, which stand beside it. */
export type BufferedEventsFactoryOptions = BufferedEventConfig & {
  readonly [Key in keyof BufferedEventsModuleSetup]?: never;
};

/** A class that makes the options. */
export interface BufferedEventsOptionsFactory {
  createBufferedEventsOptions(): BufferedEventsFactoryOptions | Promise<BufferedEventsFactoryOptions>;
}

/** Options of `BufferedEventsModule.forRootAsync`: one of `useFactory`, `useClass` and `useExisting`. */
export interface BufferedEventsModuleAsyncOptions extends BufferedEventsModuleSetup {
  /** Modules whose providers the factory needs. */
  readonly imports?: ModuleMetadata['imports'];
  readonly inject?: readonly (
    InjectionToken | { readonly token: InjectionToken; readonly optional: boolean }
  )[];
  // The arguments are what `inject` names; their types are the host's to state.
  readonly useFactory?: (
    ...dependencies: never[]
  ) => BufferedEventsFactoryOptions | Promise<BufferedEventsFactoryOptions>;
  readonly useClass?: Type<BufferedEventsOptionsFactory>;
  readonly useExisting?: InjectionToken<BufferedEventsOptionsFactory>;
}

/**
 * What holds where nothing is set, to be spread into a configuration. What is spread counts as set: no variable changes it any more, nor does
 * production; leave it out for those to count. A group (`monitoring`) is replaced as a whole, and what the new one leaves out is the default.
 */
export const defaultBufferedEventConfig = Object.freeze({
  enabled: true,
  workerCount: defaultWorkerCount(),
  maxQueueSize: 10_000,
  maxMemoryMB: 50,
  maxEventSize: 5_120,
  retryAttempts: 3,
  retryDelays: Object.freeze([1_000, 2_000, 4_000]),
  fallbackToSync: true,
  priorities: Object.freeze({ critical: 3, normal: 2, low: 1 }),
  monitoring: Object.freeze({
    enabled: true,
    metricsInterval: 1_000,
    healthMonitoring: true,
    healthCheckInterval: 5_000,
  }),
}) satisfies BufferedEventConfig;
