import type { InjectionToken, ModuleMetadata, Provider, Type } from '@nestjs/common';
import type { BoardOptions } from './operations/board/board-access.js';
import type { OperationsConfig, OperationsOptions } from './operations/operations-settings.js';
import type { GivenOptions } from '../kernel/values/options.js';
import type { REDIS_SETTINGS } from './configuration/redis/redis-settings.js';
import type { SettingValues, SETTINGS } from './configuration/settings.js';
import type { RedisSettings } from '../kernel/redis/redis-settings.js';
import type { JobMiddleware, JobMiddlewareRegistration } from './execution/job-middleware.js';
import type { QueueDefinition } from './jobs/queue-definition.js';
import type { QueueOverrides, QueueSettings } from './jobs/queue-settings.js';
import type { HealthThresholds } from './monitoring/health-thresholds.js';
import type { CircuitBreakerOptions } from './resilience/breaker-settings.js';
import type { DeclaredSchedule, Schedule } from './schedules/schedule-declaration.js';

export type { DeclaredSchedule, ScheduleRepeat } from './schedules/schedule-declaration.js';

export type { RedisSettings, RedisTls, RedisTopology } from '../kernel/redis/redis-settings.js';

/** Whether this process adds jobs only, runs them only (it may add too), or both. */
export type Role = SettingValues['role'];

/** The one validated, frozen configuration everything inside reads. */
export interface MessageQueueConfig extends Omit<
  SettingValues,
  'provider' | 'redis' | 'cleanup' | 'lock' | 'spool' | 'operations'
> {
  readonly provider: NonNullable<SettingValues['provider']>;
  /** Only for provider `redis`. */
  readonly redis: RedisSettings | null;
  readonly lock: Required<SettingValues['lock']>;
  /** Where jobs go while Redis is away; null unless `whenUnavailable` is `spool`. */
  readonly spool: (SettingValues['spool'] & { readonly directory: string }) | null;
  /** What of the operations there is, and where. */
  readonly operations: OperationsConfig;
  /** Jobs that run again and again: the host's and the default clean-ups. */
  readonly schedules: readonly DeclaredSchedule[];
  /** The settings of every registered queue, overrides applied, by queue name. */
  readonly queues: Readonly<Record<string, Partial<QueueSettings>>>;
}

/** Where Redis is and how to sign in; whatever is left out comes from the environment (`REDIS_*`). */
export interface RedisOptions extends GivenOptions<typeof REDIS_SETTINGS> {}

/** The built-in clean-ups. A cron expression `off` turns one off. */
export interface CleanupOptions extends GivenOptions<(typeof SETTINGS)['cleanup']> {}

/**
 * What a host may set. Every option wins over its environment variable, which wins over the default of development
 * or production; `docs/configuration.md` has the whole table. The options that a variable can set too are declared in
 * `configuration/settings.ts`.
 */
export interface MessageQueueOptions extends Omit<GivenOptions<typeof SETTINGS>, 'operations'> {
  /** What the person on call has, and who may use it. `{}` opens REST, the console and metrics at their default paths. Default: nothing of it. */
  readonly operations?: OperationsOptions;
  /** Overrides of the queues' own settings, by queue name. */
  readonly queues?: Readonly<Record<string, QueueOverrides>>;
  /** Wrapped around every job, or those of one queue, in this order: the first is the outermost. */
  readonly middleware?: readonly (JobMiddleware | JobMiddlewareRegistration)[];
  /** How the breakers of outside dependencies behave, for all and by name. */
  readonly circuitBreakers?: CircuitBreakerOptions;
  /** The board at `/admin/queues`: where it is and who may use it. */
  readonly board?: BoardOptions;
  /** The thresholds at which health begins to suffer. */
  readonly health?: Partial<HealthThresholds>;
}

/** What puts the module together, before any provider exists. */
export interface MessageQueueModuleSetup {
  /**
   * Whether every module of the app may inject the service, the queues and the ports; false: only modules that import
   * this registration. Default true.
   */
  readonly isGlobal?: boolean;
  /** Registers a further Redis under this key, beside the app's own; its settings come from the options alone. */
  readonly configKey?: string;
  /** Modules whose providers the adapters or the factory need. */
  readonly imports?: ModuleMetadata['imports'];
  /** Providers for ports (`{ provide: MessageTransport, useClass: … }`); each replaces the port's default adapter. */
  readonly adapters?: readonly Provider[];
}

/** Options of `MessageQueueModule.registerQueue`. */
export interface RegisterQueueOptions<D extends QueueDefinition> {
  /** The further Redis that keeps the queue. Default: the app's own. */
  readonly configKey?: string;
  /** Jobs of the queue that run again and again, each made by `schedule()`. */
  readonly schedules?: readonly Schedule<D>[];
}

/** Options of `MessageQueueModule.forRoot`. */
export type MessageQueueModuleOptions = MessageQueueModuleSetup & MessageQueueOptions;

/** What a factory returns: every option but those that are needed before it can run, which stand beside it. */
export type MessageQueueFactoryOptions = MessageQueueOptions & {
  readonly [Key in keyof MessageQueueModuleSetup]?: never;
};

/** A class that makes the options. */
export interface MessageQueueOptionsFactory {
  createMessageQueueOptions(): MessageQueueFactoryOptions | Promise<MessageQueueFactoryOptions>;
}

/** Options of `MessageQueueModule.forRootAsync`: one of `useFactory`, `useClass` and `useExisting`. */
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
