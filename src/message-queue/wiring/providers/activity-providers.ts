import type { Provider } from '@nestjs/common';
import { RepeatedLines } from '../../../kernel/logging/repeated-lines.js';
import { Clock } from '../../../kernel/time/clock.js';
import { Broker } from '../../broker/broker.js';
import { RegisteredQueues } from '../../broker/registry/registered-queues.js';
import type { ResolvedConfiguration } from '../../configuration/resolve-configuration.js';
import { ProcessActivity } from '../../jobs/activity/process-activity.js';
import { JobEvents } from '../../jobs/events/job-events.js';
import type { MessageQueueConfig } from '../../message-queue.options.js';
import { MESSAGE_QUEUE_CONFIG } from '../../message-queue.tokens.js';
import { ActivityReporters } from '../../monitoring/activity/activity-reporters.js';
import { Fleet } from '../../monitoring/activity/fleet.js';
import { Heartbeats } from '../../monitoring/activity/heartbeats.js';
import { Histories } from '../../monitoring/activity/histories.js';
import { ProcessWatch } from '../../monitoring/activity/process-watch.js';
import { RESOLVED_CONFIGURATION } from '../tokens.js';

/** What this process counts, what it tells the others, and what it hears of them. */
export const ACTIVITY_PROVIDERS: readonly Provider[] = [
  {
    provide: ProcessActivity,
    useFactory: ({ definitions, config }: ResolvedConfiguration) =>
      new ProcessActivity(definitions, config.operations.activity.maxSeries),
    inject: [RESOLVED_CONFIGURATION],
  },
  ProcessWatch,
  {
    provide: Heartbeats,
    useFactory: (watch: ProcessWatch, { role, operations }: MessageQueueConfig) =>
      new Heartbeats(watch, role, operations.activity.flushMs),
    inject: [ProcessWatch, MESSAGE_QUEUE_CONFIG],
  },
  {
    provide: ActivityReporters,
    useFactory: (
      queues: RegisteredQueues,
      activity: ProcessActivity,
      heartbeats: Heartbeats,
      events: JobEvents,
      clock: Clock,
      lines: RepeatedLines,
      { operations }: MessageQueueConfig,
    ) => {
      const { flushMs } = operations.activity;
      return new ActivityReporters({ queues, activity, heartbeats, events, clock, lines, flushMs });
    },
    inject: [
      ...[RegisteredQueues, ProcessActivity, Heartbeats, JobEvents, Clock, RepeatedLines],
      MESSAGE_QUEUE_CONFIG,
    ],
  },
  {
    provide: Fleet,
    useFactory: (queues: RegisteredQueues, reporters: ActivityReporters, broker: Broker) =>
      new Fleet(queues, reporters, broker),
    inject: [RegisteredQueues, ActivityReporters, Broker],
  },
  {
    provide: Histories,
    useFactory: (fleet: Fleet, { operations }: MessageQueueConfig) =>
      new Histories(fleet, operations.activity.historyHours),
    inject: [Fleet, MESSAGE_QUEUE_CONFIG],
  },
];
