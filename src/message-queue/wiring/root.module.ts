import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import type { DynamicModule, Provider } from '@nestjs/common';
import { BullModule } from '@nestjs/bull';
import { BoardModule } from '../operations/board/board.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { HEALTH_THRESHOLDS } from '../monitoring/queue-monitor.js';
import type { ResolvedConfiguration } from '../configuration/resolve-configuration.js';
import { BUILT_IN_PROCESSORS } from '../queues/built-in-processors.js';
import { BUILT_IN_QUEUES } from '../queues/queue-definitions.js';
import { DeadLetterAlerts } from '../dead-letter/dead-letter-alerts.js';
import { LongChanges } from '../dead-letter/changes/long-changes.js';
import { DeadLetterService } from '../dead-letter/dead-letter.service.js';
import { RetentionSweeper } from '../dead-letter/retention-sweeper.js';
import { BatchEnqueuer } from '../facade/batch/batch-enqueuer.js';
import { BatchStatusReader } from '../facade/batch/batch-status.js';
import { JobEnqueuer } from '../facade/job-enqueuer.js';
import { JobStatusReader } from '../facade/job-status-reader.js';
import { QueueAdministration } from '../facade/queue-administration.js';
import { Groups } from '../groups/groups.js';
import { ProcessActivity } from '../jobs/activity/process-activity.js';
import { JobExecutor } from '../execution/job-executor.js';
import type { MessageQueueConfig } from '../message-queue.options.js';
import { MessageQueueService } from '../message-queue.service.js';
import { MESSAGE_QUEUE_CONFIG } from '../message-queue.tokens.js';
import { ManagedQueues } from '../broker/managed-queues.js';
import { MessageQueueWorker } from '../worker/message-queue.worker.js';
import { Fleet } from '../monitoring/activity/fleet.js';
import { Histories } from '../monitoring/activity/histories.js';
import type { FleetParts } from '../fleet-calls.js';
import { Alerts } from '../monitoring/alerts/alerts.js';
import { QueueMonitor } from '../monitoring/queue-monitor.js';
import { NotificationCheck } from '../queues/notification/notification-check.js';
import { ScheduleReconciler } from '../schedules/schedule-reconciler.js';
import { Schedules } from '../schedules/schedules.js';
import { RegisteredQueues } from '../broker/registry/registered-queues.js';
import { JobTraces } from '../telemetry/traces/job-traces.js';
import { Readiness } from '../worker/readiness.js';
import { ServerGate } from '../worker/server-gate.js';
import { coreModule, furtherRedisModule } from './core.module.js';
import { DEFAULT_ADAPTER_PARTS, DEFAULT_ADAPTERS, UNPLUGGED_PORTS } from './providers/default-adapters.js';
import { MessageQueueLastStepModule, MessageQueueLifecycleModule } from './lifecycle.module.js';
import { MessageQueueHealthIndicator } from '../operations/probes/message-queue-health-indicator.js';
import { EventsBeside } from '../../kernel/monitored/events-beside.js';
import { METRICS_PAGE } from './providers/metrics-providers.js';
import { PROBES } from './providers/probe-providers.js';
import { ALERT_PROVIDERS } from './providers/alert-providers.js';
import { ERASURE_PROVIDERS } from './providers/erasure-providers.js';
import {
  APP_KEYS,
  AUDIT_CHAIN,
  PRIVACY,
  OPERATOR_LOG,
  QUEUE_AUDIT,
  RING_KEY_WATCH,
} from './providers/privacy-providers.js';
import { SUPPRESSION_PROVIDERS } from './providers/suppression-providers.js';
import { StartBanner } from './start-banner.js';
import { queueProvider } from './queue.module.js';
import type { RootRegistration } from './registrations.js';
import { setupOf } from './root-setup.js';
import type { RegisteredOptions, RootSetup } from './root-setup.js';
import { SameObject } from '../../kernel/values/same-options.js';
import { RESOLVED_CONFIGURATION, ROOT_REGISTRATION, tokenOf } from './tokens.js';

/** What a host may inject: the service, the queues, the ports. Nest makes every module import a global one. */
@Module({})
class MessageQueueRootModule {}

/** What a host imports: says how the module was registered, and by its importers where. Never global, to know them. */
@Module({})
class MessageQueueRegistrationModule {}

/** `@Processor` and `@OnQueue…` of @nestjs/bull work on our queues through its own explorer. */
const BULL_EXPLORER = BullModule.registerQueue();

const BOARD = BoardModule.registerAsync({
  inject: [RESOLVED_CONFIGURATION],
  useFactory: ({ parts }: ResolvedConfiguration) => parts.board,
});

const OPERATIONS = OperationsModule.registerAsync({
  inject: [RESOLVED_CONFIGURATION],
  useFactory: ({ parts, access, config }: ResolvedConfiguration) => ({
    ...{ config, access },
    title: parts.board.title,
  }),
});

const FLEET_PARTS = Symbol('what is asked about all processes');

const FLEET: Provider = {
  provide: FLEET_PARTS,
  useFactory: (
    queues: ManagedQueues,
    monitor: QueueMonitor,
    fleet: Fleet,
    histories: Histories,
    alerts: Alerts,
    schedules: Schedules,
  ): FleetParts => ({ queues, monitor, fleet, histories, alerts, schedules }),
  inject: [ManagedQueues, QueueMonitor, Fleet, Histories, Alerts, Schedules],
};

/** What a host injects. */
const SERVICE_PROVIDERS: readonly Provider[] = [
  {
    provide: MessageQueueService,
    useFactory: (...parts: ConstructorParameters<typeof MessageQueueService>) =>
      new MessageQueueService(...parts),
    inject: [
      JobEnqueuer,
      BatchEnqueuer,
      BatchStatusReader,
      JobStatusReader,
      QueueAdministration,
      DeadLetterService,
      Readiness,
      Groups,
      FLEET_PARTS,
    ],
  },
  DeadLetterService,
  LongChanges,
  QueueMonitor,
  MessageQueueHealthIndicator,
  Schedules,
  Groups,
  AUDIT_CHAIN,
  PRIVACY,
  ...SUPPRESSION_PROVIDERS,
  ...ALERT_PROVIDERS,
  {
    provide: MessageQueueWorker,
    useFactory: (
      queues: RegisteredQueues,
      executor: JobExecutor,
      config: MessageQueueConfig,
      gate: ServerGate,
    ) => new MessageQueueWorker(queues, executor, config, gate),
    inject: [RegisteredQueues, JobExecutor, MESSAGE_QUEUE_CONFIG, ServerGate],
  },
];

/** Their parts, and what works alongside them. */
const SERVICE_PARTS: readonly Provider[] = [
  {
    provide: JobEnqueuer,
    useFactory: (
      queues: RegisteredQueues,
      notifications: NotificationCheck,
      activity: ProcessActivity,
      traces: JobTraces,
    ) => new JobEnqueuer(queues, [notifications], activity, traces),
    inject: [RegisteredQueues, NotificationCheck, ProcessActivity, JobTraces],
  },
  FLEET,
  BatchEnqueuer,
  BatchStatusReader,
  JobStatusReader,
  QueueAdministration,
  UNPLUGGED_PORTS,
  APP_KEYS,
  OPERATOR_LOG,
  QUEUE_AUDIT,
  RING_KEY_WATCH,
  ...ERASURE_PROVIDERS,
  DeadLetterAlerts,
  RetentionSweeper,
  ScheduleReconciler,
  ServerGate,
  Readiness,
  PROBES,
  METRICS_PAGE,
  EventsBeside,
  StartBanner,
];

const HEALTH: Provider = {
  provide: HEALTH_THRESHOLDS,
  inject: [RESOLVED_CONFIGURATION],
  useFactory: ({ parts }: ResolvedConfiguration) => parts.health,
};

const MODULES = new SameObject((options: RegisteredOptions, place: string | undefined): DynamicModule => {
  const setup = setupOf(options);
  const registration: RootRegistration = { configKey: setup.configKey, place };
  const marker = { provide: ROOT_REGISTRATION, useValue: registration };
  const { configKey } = setup;
  const registered = configKey === undefined ? appModule(setup) : furtherRedisModule({ ...setup, configKey });
  return {
    module: MessageQueueRegistrationModule,
    imports: [registered],
    providers: [marker],
    exports: [registered],
  };
});

/**
 * The module of a registration; the same object for the same options. `place` is where it was asked for first.
 * @public loaded with require
 */
export function rootModule(registered: RegisteredOptions, place?: string): DynamicModule {
  return MODULES.of(registered, place);
}

function appModule(setup: RootSetup): DynamicModule {
  const core = coreModule(setup);
  const inCore = (core.providers ?? []).map(tokenOf);
  const adapters = setup.adapters.filter((adapter) => !inCore.includes(tokenOf(adapter)));
  const replaced = adapters.map(tokenOf);
  const ports = [...DEFAULT_ADAPTERS.filter((adapter) => !replaced.includes(tokenOf(adapter))), ...adapters];
  const queues = BUILT_IN_QUEUES.map(({ name }) => queueProvider(name));
  return {
    module: MessageQueueRootModule,
    global: setup.isGlobal,
    imports: [
      ...[core, DiscoveryModule, BULL_EXPLORER, MessageQueueLifecycleModule, MessageQueueLastStepModule],
      ...[BOARD, OPERATIONS, ...setup.imports],
    ],
    providers: [
      HEALTH,
      ...queues,
      ...ports,
      ...DEFAULT_ADAPTER_PARTS,
      ...BUILT_IN_PROCESSORS,
      ...SERVICE_PROVIDERS,
      ...SERVICE_PARTS,
    ],
    exports: [...queues, ...ports, ...SERVICE_PROVIDERS].map(tokenOf),
  };
}
