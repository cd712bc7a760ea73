import { Inject, Injectable, Module } from '@nestjs/common';
import type {
  HttpServer,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
  OnModuleInit,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import { SafeLogger } from '../../kernel/host/safe-logger.js';
import { JobEnds } from '../jobs/events/job-end.js';
import type { MessageQueueConfig } from '../message-queue.options.js';
import { MessageQueueWorker } from '../worker/message-queue.worker.js';
import { RetentionSweeper } from '../dead-letter/retention-sweeper.js';
import { ScheduleReconciler } from '../schedules/schedule-reconciler.js';
import { ActivityReporters } from '../monitoring/activity/activity-reporters.js';
import { AlertWatches } from '../monitoring/alerts/alert-watches.js';
import { UnpluggedPorts } from '../monitoring/unplugged-ports.js';
import { settlesWithin } from '../../kernel/time/settles-within.js';
import { KeyProvider } from '../ports/encryption/key-provider.js';
import { ErasureWatch } from '../privacy/erasure/erasure-watch.js';
import { PayloadCodec } from '../privacy/payload-codec.js';
import { SealedPublications } from '../privacy/sealed-publications.js';
import { HandlerRegistration } from './handler-registration.js';
import { StartBanner } from './start-banner.js';
import { checkKeys } from './providers/sealing-providers.js';
import { RegisteredQueues } from '../broker/registry/registered-queues.js';
import { OperationsModule } from '../operations/operations.module.js';
import { Probes } from '../operations/probes/probes.js';
import { JobTraces } from '../telemetry/traces/job-traces.js';
import { Readiness } from '../worker/readiness.js';
import { ServerGate } from '../worker/server-gate.js';
import { MESSAGE_QUEUE_CONFIG } from '../message-queue.tokens.js';

/**
 * Starts work when everything else of the app is ready, and ends it before anything else of the app is taken down.
 *
 * Nest runs the hooks of modules in the order of their distance from the root: start-up hooks farthest first, shutdown
 * hooks nearest first, and `onModuleDestroy` (where hosts close their databases) before every other shutdown hook. A
 * module that is nearer than the root itself is therefore started last and destroyed first, whatever the host's
 * modules look like.
 */
@Injectable()
class MessageQueueLifecycle implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new SafeLogger('MessageQueueModule');

  constructor(
    modules: ModulesContainer,
    private readonly moduleRef: ModuleRef,
    private readonly queues: RegisteredQueues,
    private readonly handlers: HandlerRegistration,
    @Inject(MESSAGE_QUEUE_CONFIG) private readonly config: MessageQueueConfig,
  ) {
    for (const module of modules.values()) {
      if (module.metatype === MessageQueueLifecycleModule) module.distance = NEARER_THAN_ROOT;
    }
  }

  /**
   * @throws HandlerRegistrationError naming every job name without a handler, or with two; KeysRequiredError where jobs are sealed and
   * nobody gave keys; InvalidConfigurationError where their ring has too many, and naming every port that nobody plugged in, in production
   */
  async onModuleInit(): Promise<void> {
    await this.#orClose(async () => {
      await this.#openProbes();
      this.queues.settle();
      this.handlers.register();
      await checkKeys(this.#codec, this.#publications, this.#keys, this.config);
      this.#ports.check();
      await this.#alerts.prepare();
    });
  }

  /** Looks at the servers, then starts the work unless this process must not, or not yet. */
  async onApplicationBootstrap(): Promise<void> {
    await this.#orClose(async () => {
      // Hosts may have set up tracing in hooks of their own.
      this.moduleRef.get(JobTraces, { strict: false }).look();
      if (this.config.role !== 'producer') await this.#schedules.check();
      const isReachable = await this.#gate.look();
      this.moduleRef.get(StartBanner, { strict: false }).show();
      // It may have been told to stop meanwhile.
      if (this.config.role !== 'producer' && !this.#readiness.isStopping) await this.#begin(isReachable);
      this.#readiness.begin();
      if (!this.#readiness.isStopping) this.#reporters.start((queue) => this.#worker.slotsOf(queue));
      this.#probes.begin();
      if (!this.#readiness.isStopping) this.#alerts.start();
    });
  }

  /** Lets jobs finish, or hands them back, while the providers they use are still there. */
  async onModuleDestroy(): Promise<void> {
    this.#readiness.end();
    // Before anything stops: what is told by a file is told when it is gone.
    this.#probes.end();
    await Promise.all([
      this.#worker.stop(),
      this.#schedules.stop(),
      this.#sweeper.stop(),
      this.#erasures.stop(),
      this.#alerts.stop(),
    ]);
    // Listeners that are told of the last ends may still use the providers.
    await this.#ends.settled();
  }

  /** As early as can be: it lives while it starts. */
  async #openProbes(): Promise<void> {
    const { httpAdapter } = this.moduleRef.get(HttpAdapterHost, { strict: false });
    const server = httpAdapter as HttpServer | null | undefined;
    // There is no web server in a process made by createApplicationContext (null) or by a testing module (undefined).
    if (server) this.#probes.mount(server, this.moduleRef.get(ApplicationConfig, { strict: false }));
    const { metricsPage } = this.moduleRef.get(OperationsModule, { strict: false });
    await this.#probes.open(metricsPage === null ? [] : [metricsPage]);
  }

  async #begin(isReachable: boolean): Promise<void> {
    this.#sweeper.start();
    this.#erasures.start();
    await settlesWithin(this.#schedules.start(), isReachable ? START_TIMEOUT_MS : 0);
    if (this.config.autoStart && !this.#readiness.isStopping) {
      await this.#startWork(isReachable ? START_TIMEOUT_MS : 0);
    }
  }

  /** A Redis that is away for now does not keep the app from starting: work begins when it is back. */
  async #startWork(timeoutMs: number): Promise<void> {
    const started = this.#worker.start();
    if (await settlesWithin(started, timeoutMs)) return started;
    this.#logger.warn('Redis does not answer; work starts as soon as it does.');
    started.catch((error: unknown) => this.#giveUp(error));
  }

  /** The app is already running: what would have kept it from starting now keeps it from working. */
  #giveUp(error: unknown): void {
    this.#logger.fatal(`No work is done here: ${error instanceof Error ? error.message : String(error)}`);
    Promise.all([this.#worker.stop({ drain: false }), this.#schedules.stop(), this.#sweeper.stop()]).catch(
      (reason: unknown) => this.#logger.error('Work could not be stopped.', reason),
    );
  }

  get #probes(): Probes {
    return this.moduleRef.get(Probes, { strict: false });
  }

  get #reporters(): ActivityReporters {
    return this.moduleRef.get(ActivityReporters, { strict: false });
  }

  get #readiness(): Readiness {
    return this.moduleRef.get(Readiness, { strict: false });
  }

  get #gate(): ServerGate {
    return this.moduleRef.get(ServerGate, { strict: false });
  }

  get #ends(): JobEnds {
    return this.moduleRef.get(JobEnds, { strict: false });
  }

  get #sweeper(): RetentionSweeper {
    return this.moduleRef.get(RetentionSweeper, { strict: false });
  }

  get #erasures(): ErasureWatch {
    return this.moduleRef.get(ErasureWatch, { strict: false });
  }

  get #alerts(): AlertWatches {
    return this.moduleRef.get(AlertWatches, { strict: false });
  }

  get #schedules(): ScheduleReconciler {
    return this.moduleRef.get(ScheduleReconciler, { strict: false });
  }

  get #ports(): UnpluggedPorts {
    return this.moduleRef.get(UnpluggedPorts, { strict: false });
  }

  get #codec(): PayloadCodec {
    return this.moduleRef.get(PayloadCodec, { strict: false });
  }

  get #publications(): SealedPublications {
    return this.moduleRef.get(SealedPublications, { strict: false });
  }

  get #keys(): KeyProvider {
    return this.moduleRef.get(KeyProvider, { strict: false });
  }

  get #worker(): MessageQueueWorker {
    return this.moduleRef.get(MessageQueueWorker, { strict: false });
  }

  /** A start that failed must not keep the process open: nobody has an app to close then. */
  async #orClose(start: () => Promise<void>): Promise<void> {
    try {
      await start();
    } catch (error) {
      await this.#worker.stop({ drain: false });
      await this.#schedules.stop();
      this.#probes.end();
      await this.#probes.close();
      await Promise.allSettled(this.queues.brokers().map((broker) => broker.close()));
      throw error;
    }
  }
}

/** Ends what says that the process lives, after everything else of the app. */
@Injectable()
class MessageQueueLastStep implements OnApplicationShutdown {
  constructor(
    modules: ModulesContainer,
    private readonly moduleRef: ModuleRef,
  ) {
    for (const module of modules.values()) {
      if (module.metatype === MessageQueueLastStepModule) module.distance = FARTHEST;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.moduleRef.get(Probes, { strict: false }).close();
  }
}

/** Holds {@link MessageQueueLastStep} alone. */
@Module({ providers: [MessageQueueLastStep] })
export class MessageQueueLastStepModule {}

/** Holds {@link MessageQueueLifecycle} alone, since a module's hooks run together. */
@Module({ providers: [MessageQueueLifecycle] })
export class MessageQueueLifecycleModule {}

const START_TIMEOUT_MS = 5_000;

/** The root module's distance is 1, that of a module Nest never reached 0. */
const NEARER_THAN_ROOT = -1;
const FARTHEST = Number.POSITIVE_INFINITY;
