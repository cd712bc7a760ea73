import type { InjectionToken, ModuleMetadata, Provider, Type } from '@nestjs/common';
import type { BoardOptions } from './operations/board/board-access.js';
import type { ProviderName } from './broker/broker.js';
import type { QueueOverrides } from './configuration/queue-settings.js';
import type { RedisSettings } from './broker/redis/connections/redis-settings.js';
import type { JobMiddleware, JobMiddlewareRegistration } from './execution/job-middleware.js';
import type { QueueSettings } from './jobs/queue-definition.js';
import type { HealthThresholds } from './monitoring/queue-health.js';
import type { CircuitBreakerOptions } from './resilience/breaker-settings.js';
import type { DeclaredSchedule, ScheduleDeclaration } from './schedules/schedule-declaration.js';

export type {
  DeclaredSchedule,
  ScheduleDeclaration,
  ScheduleRepeat,
} from './schedules/schedule-declaration.js';

export type { RedisSettings, RedisTls, RedisTopology } from './broker/redis/connections/redis-settings.js';

/** Whether this process adds jobs only, runs them only (it may add too), or both. */
export type Role = 'producer' | 'worker' | 'both';

/** The one validated, frozen configuration everything inside reads. */
export interface MessageQueueConfig {
  readonly environment: 'development' | 'production' | 'test';
  readonly provider: ProviderName;
  /** Only for provider `redis`. */
  readonly redis: RedisSettings | null;
  readonly prefix: string;
  readonly role: Role;
  readonly autoStart: boolean;
  /** Deadline of an add, milliseconds. */
  readonly enqueueTimeoutMs: number;
  /** How long active jobs may go on at shutdown, milliseconds. */
  readonly shutdownTimeoutMs: number;
  /** How long a handler may go on after its signal aborted before it counts as stuck, milliseconds. */
  readonly abortGraceMs: number;
  readonly onStuckHandler: 'keep' | 'exit';
  /** Crashes of its worker after which a job becomes a dead letter. */
  readonly maxCrashes: number;
  readonly lock: { readonly durationMs: number; readonly renewMs: number; readonly stalledCheckMs: number };
  readonly memory: { readonly maxJobs: number; readonly maxBytes: number };
  /** Jobs that run again and again: the host's and the default clean-ups. */
  readonly schedules: readonly DeclaredSchedule[];
  /** The settings of every registered queue, overrides applied, by queue name. */
  readonly queues: Readonly<Record<string, Partial<QueueSettings>>>;
}

/** Where Redis is and how to sign in; whatever is left out comes from the environment (`REDIS_*`). */
export interface RedisOptions {
  /** `redis://user:password@host:port/db`, `rediss://…`, or several separated by commas for a Cluster. */
  readonly url?: string;
  /** Instead of `url`. Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 6379. */
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  /** Default false; `rediss://` says so too. Counts for Sentinels as well. */
  readonly tls?: boolean;
  /** Certificate authority of the server: PEM text or the path of a PEM file. Default: those that Node.js trusts. */
  readonly tlsCa?: string;
  /** Certificate of this client, for a server that asks for one: PEM text or the path of a PEM file. */
  readonly tlsCert?: string;
  /** Private key of `tlsCert`, without a passphrase: PEM text or the path of a PEM file. */
  readonly tlsKey?: string;
  /** Name that the server's certificate must be for. Default: the host that is connected to. */
  readonly tlsServerName?: string;
  /** Number of the database. Default 0. */
  readonly db?: number;
  /** Instead of `url` and `host`: `host:port,host:port` or a list. */
  readonly sentinels?: string | readonly (string | { readonly host: string; readonly port?: number })[];
  /** Name of the master group that the Sentinels watch. */
  readonly sentinelName?: string;
}

/** The built-in clean-ups. A cron expression `off` turns one off. */
export interface CleanupOptions {
  /** False: none of them. Default true, in environment `test` false. */
  readonly schedules?: boolean;
  /** IANA time zone of the cron expressions. Default: the worker's. */
  readonly timeZone?: string;
  /** Default `0 2 * * *`. */
  readonly oldMessagesCron?: string;
  /** Default 90. */
  readonly oldMessagesDays?: number;
  /** Default `30 2 * * *`. */
  readonly deletedConversationsCron?: string;
  /** Default 30. */
  readonly deletedConversationsDays?: number;
  /** Default `0 3 * * *`. */
  readonly expiredAttachmentsCron?: string;
}

/**
 * What a host may set. Every option wins over its environment variable, which wins over the default of development
 * or production; `docs/configuration.md` has the whole table.
 */
export interface MessageQueueOptions {
  /** Default: what NODE_ENV says. */
  readonly environment?: 'development' | 'production' | 'test';
  /** Default: `redis` when a Redis is configured, else `memory` (in production only when asked for by name). */
  readonly provider?: ProviderName;
  readonly redis?: RedisOptions;
  /** First part of every Redis key. Default `message-queue`. */
  readonly prefix?: string;
  /** Default `both`. */
  readonly role?: Role;
  /** Whether work starts with the app. Default true. */
  readonly autoStart?: boolean;
  /** Deadline of an add, milliseconds. Default 2 000. */
  readonly enqueueTimeoutMs?: number;
  /** How long active jobs may go on at shutdown, milliseconds. Default 5 000, in production 20 000. */
  readonly shutdownTimeoutMs?: number;
  /** How long a handler may go on after its signal aborted before it counts as stuck, milliseconds. Default 5 000. */
  readonly abortGraceMs?: number;
  /** Default `keep`. */
  readonly onStuckHandler?: 'keep' | 'exit';
  /** Crashes of its worker after which a job becomes a dead letter. Default 5. */
  readonly maxCrashes?: number;
  /** Milliseconds. Default: lock 6 000, renewed every quarter of it, left jobs looked for every 2 000. */
  readonly lock?: Partial<MessageQueueConfig['lock']>;
  /** Limits of the in-memory provider. */
  readonly memory?: Partial<MessageQueueConfig['memory']>;
  /** When the built-in clean-ups run, and what they keep. They are off in environment `test` unless `schedules` is true. */
  readonly cleanup?: CleanupOptions;
  /** Jobs that run again and again. At start the stored schedules are made to fit these. */
  readonly schedules?: readonly ScheduleDeclaration[];
  /** Overrides of the queues' own settings, by queue name. */
  readonly queues?: Readonly<Record<string, QueueOverrides>>;
  /** Wrapped around every job, or those of one queue, in this order: the first is the outermost. */
  readonly middleware?: readonly (JobMiddleware | JobMiddlewareRegistration)[];
  /** How the breakers of outside dependencies behave, for all and by name. */
  readonly circuitBreakers?: CircuitBreakerOptions;
  /** The board at `/admin/queues`: where it is and who may use it. */
  readonly board?: BoardOptions;
  /** Where health begins to suffer. */
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
