import type { Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { EventLog } from '../../telemetry/logs/event-log.js';
import { Clock } from '../../../kernel/time/clock.js';
import { EventsBeside } from '../../../kernel/monitored/events-beside.js';
import type { Broker } from '../../broker/broker.js';
import { ManagedQueues } from '../../broker/managed-queues.js';
import { JobEvents } from '../../jobs/events/job-events.js';
import type { MessageQueueConfig } from '../../message-queue.options.js';
import { MESSAGE_QUEUE_CONFIG } from '../../message-queue.tokens.js';
import { ActivityReporters } from '../../monitoring/activity/activity-reporters.js';
import { Fleet } from '../../monitoring/activity/fleet.js';
import { AlertWatches } from '../../monitoring/alerts/alert-watches.js';
import { Alerts } from '../../monitoring/alerts/alerts.js';
import { isSinkFactory } from '../../monitoring/alerts/settings/given-sinks.js';
import type { GivenSink } from '../../monitoring/alerts/settings/given-sinks.js';
import { UnpluggedPorts } from '../../monitoring/unplugged-ports.js';
import { EventAlertSink, LogAlertSink } from '../../operations/alerts/built-in-sinks.js';
import type { AlertSink } from '../../ports/alerts/alert-sink.js';

/** Watches alerts, and tells of them; and what people ask and say of them. */
export const ALERT_PROVIDERS: readonly Provider[] = [
  {
    provide: AlertWatches,
    useFactory: (
      queues: ManagedQueues,
      fleet: Fleet,
      reporters: ActivityReporters,
      { operations, role }: MessageQueueConfig,
      clock: Clock,
      events: JobEvents,
      log: EventLog,
      moduleRef: ModuleRef,
      beside: EventsBeside,
    ) =>
      new AlertWatches({
        ...{ queues, clock, settings: operations.alerts, worksHere: role !== 'producer' },
        instance: reporters.instance,
        look: (broker: Broker) => fleet.look(broker),
        events: () => beside.get(),
        sinks: async () => [
          new LogAlertSink(log),
          new EventAlertSink(events),
          ...(await Promise.all(operations.alerts.sinks.map((sink) => made(sink, moduleRef)))),
        ],
      }),
    inject: [
      ManagedQueues,
      Fleet,
      ActivityReporters,
      MESSAGE_QUEUE_CONFIG,
      Clock,
      JobEvents,
      EventLog,
      ModuleRef,
      EventsBeside,
    ],
  },
  {
    provide: Alerts,
    useFactory: (
      queues: ManagedQueues,
      watches: AlertWatches,
      { operations }: MessageQueueConfig,
      clock: Clock,
    ) => new Alerts(queues, watches, operations.alerts.runbookUrl, clock),
    inject: [ManagedQueues, AlertWatches, MESSAGE_QUEUE_CONFIG, Clock],
  },
];

/** What a sink needs is there only when the whole app is. */
async function made(sink: GivenSink, moduleRef: ModuleRef): Promise<AlertSink> {
  if (!isSinkFactory(sink)) return sink;
  const ports = moduleRef.get(UnpluggedPorts, { strict: false });
  const injected = sink.inject.map((token) => {
    ports.checkUse(token, 'Alerts');
    return moduleRef.get<unknown>(token, { strict: false });
  });
  return sink.useFactory(...(injected as never[]));
}
