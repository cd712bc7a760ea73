import { Module } from '@nestjs/common';
import type { DynamicModule, FactoryProvider, Provider } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, ModuleRef, ModulesContainer } from '@nestjs/core';
import { Broker } from '../broker/broker.js';
import { ManagedQueues } from '../broker/managed-queues.js';
import { resolveConfiguration } from '../configuration/resolve-configuration.js';
import type { ResolvedConfiguration } from '../configuration/resolve-configuration.js';
import { Clock, SystemClock } from '../../kernel/time/clock.js';
import { HostCode } from '../../kernel/host/host-code.js';
import { ProcessActivity } from '../jobs/activity/process-activity.js';
import { JobTraces } from '../telemetry/traces/job-traces.js';
import { EventLog } from '../telemetry/logs/event-log.js';
import { JobEnds } from '../jobs/events/job-end.js';
import { JobEvents } from '../jobs/events/job-events.js';
import type { MessageQueueOptions } from '../message-queue.options.js';
import { ACTIVITY_PROVIDERS } from './providers/activity-providers.js';
import { brokerProviders } from './providers/broker-providers.js';
import { EXECUTION_PROVIDERS } from './providers/execution-providers.js';
import { checkDeclaredHandlers } from './handler-registration.js';
import { hostEnvironment } from '../../kernel/settings/host-environment.js';
import { RegisteredQueues } from '../broker/registry/registered-queues.js';
import { RateTokens } from '../ports/notifications/rate-tokens.js';
import { SEALING_PROVIDERS } from './providers/sealing-providers.js';
import { PayloadCodec } from '../privacy/payload-codec.js';
import { Registrations } from './registrations.js';
import type { RootSetup } from './root-setup.js';
import { getBrokerToken, getConfigToken, MESSAGE_QUEUE_CONFIG } from '../message-queue.tokens.js';
import { refuseUseOfLeftOutQueues } from './left-out-queues.js';
import { getOptionsToken, RESOLVED_CONFIGURATION, tokenOf } from './tokens.js';

/**
 * What every part of the library needs from the app: configuration, broker, clock, queues, execution. Global, so that
 * `registerQueue` finds it from any module; hosts may inject its public parts (`JobEvents`, `Clock`, the
 * configuration) anywhere too. The facade and the queues follow the imports of the host.
 */
@Module({})
class MessageQueueCoreModule {}

/** A further Redis: its configuration and broker under tokens of their own. */
@Module({})
class FurtherRedisModule {}

const INSIDE: Provider[] = [
  { provide: Clock, useClass: SystemClock },
  {
    provide: RegisteredQueues,
    useFactory: (
      moduleRef: ModuleRef,
      { definitions, leftOut }: ResolvedConfiguration,
      broker: Broker,
      events: JobEvents,
      ends: JobEnds,
      host: HostCode,
      codec: PayloadCodec,
      activity: ProcessActivity,
      log: EventLog,
      traces: JobTraces,
    ) =>
      new RegisteredQueues(
        moduleRef,
        definitions.map((definition) => codec.withSeal(definition)),
        broker,
        { events, ends, host, activity, log, traces },
        leftOut.map(({ name }) => name),
      ),
    inject: [
      ...[ModuleRef, RESOLVED_CONFIGURATION, Broker, JobEvents, JobEnds, HostCode, PayloadCodec],
      ProcessActivity,
      EventLog,
      JobTraces,
    ],
  },
  { provide: ManagedQueues, useExisting: RegisteredQueues },
  { provide: RateTokens, useFactory: (broker: Broker) => broker.rates, inject: [Broker] },
  ...EXECUTION_PROVIDERS,
  ...ACTIVITY_PROVIDERS,
  ...SEALING_PROVIDERS,
];

/** Tokens of the core that an adapter given by the host replaces there. */
const REPLACEABLE: readonly unknown[] = [Broker, ...INSIDE.map(tokenOf)];

/** The core of an app's one registration. */
export function coreModule(setup: RootSetup): DynamicModule {
  const replaced = setup.adapters.filter((adapter) => REPLACEABLE.includes(tokenOf(adapter)));
  const isKept = (provider: Provider): boolean =>
    !replaced.some((adapter) => tokenOf(adapter) === tokenOf(provider));
  const providers: Provider[] = [
    ...setup.optionsProviders,
    resolvedConfiguration(undefined, setup.adapters),
    {
      provide: MESSAGE_QUEUE_CONFIG,
      useFactory: ({ config }: ResolvedConfiguration) => config,
      inject: [RESOLVED_CONFIGURATION],
    },
    ...brokerProviders(undefined).filter(isKept),
    ...INSIDE.filter(isKept),
    ...replaced,
  ];
  return {
    module: MessageQueueCoreModule,
    global: true,
    imports: [DiscoveryModule, ...setup.imports],
    providers,
    exports: [MESSAGE_QUEUE_CONFIG, RESOLVED_CONFIGURATION, Broker, ...INSIDE.map(tokenOf)],
  };
}

/** The module of a further Redis. */
export function furtherRedisModule(setup: RootSetup & { readonly configKey: string }): DynamicModule {
  const { configKey } = setup;
  const resolved = resolvedConfiguration(configKey, setup.adapters);
  return {
    module: FurtherRedisModule,
    global: true,
    imports: [DiscoveryModule, ...setup.imports],
    providers: [
      ...setup.optionsProviders,
      resolved,
      {
        provide: getConfigToken(configKey),
        useFactory: ({ config }: ResolvedConfiguration) => config,
        inject: [resolved.provide],
      },
      ...brokerProviders(configKey),
    ],
    exports: [getConfigToken(configKey), getBrokerToken(configKey)],
  };
}

function resolvedConfiguration(
  configKey: string | undefined,
  adapters: readonly Provider[],
): FactoryProvider {
  return {
    provide:
      configKey === undefined
        ? RESOLVED_CONFIGURATION
        : Symbol.for(`nestjs-message-queue:resolved-configuration:${configKey}`),
    useFactory: async (
      options: MessageQueueOptions,
      modules: ModulesContainer,
      discovery: DiscoveryService,
      clock: Clock,
    ): Promise<ResolvedConfiguration> => {
      // Here, before anything is opened: every registration of the app is known by now.
      const registrations = configKey === undefined ? new Registrations(modules) : undefined;
      const definitions = registrations?.definitions() ?? [];
      const environment = await hostEnvironment(modules);
      const resolved = resolveConfiguration({
        options,
        configKey,
        environment,
        definitions,
        schedules: registrations?.schedules,
        now: clock.now(),
      });
      if (configKey === undefined) {
        checkDeclaredHandlers(discovery, definitions);
        refuseUseOfLeftOutQueues(resolved, modules, adapters);
      }
      return resolved;
    },
    inject: [getOptionsToken(configKey), ModulesContainer, DiscoveryService, Clock],
  };
}
