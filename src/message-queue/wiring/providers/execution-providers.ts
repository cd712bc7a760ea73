import type { OnApplicationShutdown, Provider } from '@nestjs/common';
import type { ResolvedConfiguration } from '../../configuration/resolve-configuration.js';
import { HostCode } from '../../../kernel/host/host-code.js';
import { ProcessActivity } from '../../jobs/activity/process-activity.js';
import { JobEnds } from '../../jobs/events/job-end.js';
import { JobEvents } from '../../jobs/events/job-events.js';
import { Clock } from '../../../kernel/time/clock.js';
import { RepeatedLines } from '../../../kernel/logging/repeated-lines.js';
import { JobExecutor } from '../../execution/job-executor.js';
import type { MessageQueueConfig } from '../../message-queue.options.js';
import { MESSAGE_QUEUE_CONFIG } from '../../message-queue.tokens.js';
import { HandlerRegistry } from '../../handlers/handler-registry.js';
import { JobMiddlewareStack } from '../../execution/job-middleware.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { CockatielCircuitBreakers } from '../../resilience/cockatiel-circuit-breakers.js';
import { exitForRestart } from '../../worker/exit-for-restart.js';
import { JobTraces } from '../../telemetry/traces/job-traces.js';
import { EventLog } from '../../telemetry/logs/event-log.js';
import { HandlerRegistration } from '../handler-registration.js';
import { RESOLVED_CONFIGURATION } from '../tokens.js';

/** Writes what it left out when the app ends. */
class FailureLines extends RepeatedLines implements OnApplicationShutdown {
  onApplicationShutdown(): void {
    this.flush();
  }
}

/** Writes what it left out when the app ends. */
class AppEventLog extends EventLog implements OnApplicationShutdown {
  onApplicationShutdown(): void {
    this.flush();
  }
}

/** What every job passes through. */
export const EXECUTION_PROVIDERS: readonly Provider[] = [
  {
    provide: HostCode,
    useFactory: ({ definitions }: ResolvedConfiguration) => {
      const sealed = definitions.filter((definition) => definition.sealed).map(({ name }) => name);
      return new HostCode((queue) => sealed.includes(queue));
    },
    inject: [RESOLVED_CONFIGURATION],
  },
  { provide: JobEvents, useFactory: (host: HostCode) => new JobEvents(host), inject: [HostCode] },
  {
    provide: JobEnds,
    useFactory: (events: JobEvents, clock: Clock, host: HostCode) => new JobEnds(events, clock, host),
    inject: [JobEvents, Clock, HostCode],
  },
  {
    provide: RepeatedLines,
    useFactory: (clock: Clock, { failureLogIntervalMs }: MessageQueueConfig) =>
      new FailureLines(clock, failureLogIntervalMs),
    inject: [Clock, MESSAGE_QUEUE_CONFIG],
  },
  {
    provide: EventLog,
    useFactory: (clock: Clock, { logs }: MessageQueueConfig) => new AppEventLog(logs, clock),
    inject: [Clock, MESSAGE_QUEUE_CONFIG],
  },
  {
    provide: JobTraces,
    useFactory: ({ traces }: MessageQueueConfig) => new JobTraces(traces),
    inject: [MESSAGE_QUEUE_CONFIG],
  },
  { provide: HandlerRegistry, useFactory: () => new HandlerRegistry() },
  {
    provide: JobMiddlewareStack,
    useFactory: ({ parts }: ResolvedConfiguration) => new JobMiddlewareStack(parts.middleware),
    inject: [RESOLVED_CONFIGURATION],
  },
  {
    provide: CircuitBreakers,
    useFactory: (clock: Clock, events: JobEvents, host: HostCode, { parts }: ResolvedConfiguration) =>
      new CockatielCircuitBreakers(clock.steady(), parts.circuitBreakers, events, host),
    inject: [Clock, JobEvents, HostCode, RESOLVED_CONFIGURATION],
  },
  {
    provide: JobExecutor,
    useFactory: (
      handlers: HandlerRegistry,
      middleware: JobMiddlewareStack,
      events: JobEvents,
      ends: JobEnds,
      activity: ProcessActivity,
      clock: Clock,
      lines: RepeatedLines,
      log: EventLog,
      traces: JobTraces,
      host: HostCode,
      config: MessageQueueConfig,
    ) => {
      const { maxCrashes, abortGraceMs, privacy } = config;
      const { errorTexts } = privacy;
      const onStuck = config.onStuckHandler === 'exit' ? () => exitForRestart(config) : undefined;
      return new JobExecutor({
        ...{
          handlers,
          middleware,
          events,
          ends,
          activity,
          host,
          clock,
          lines,
          log,
          traces,
          maxCrashes,
          abortGraceMs,
          onStuck,
          errorTexts,
        },
      });
    },
    inject: [
      ...[
        HandlerRegistry,
        JobMiddlewareStack,
        JobEvents,
        JobEnds,
        ProcessActivity,
        Clock,
        RepeatedLines,
        EventLog,
        JobTraces,
        HostCode,
      ],
      MESSAGE_QUEUE_CONFIG,
    ],
  },
  HandlerRegistration,
];
