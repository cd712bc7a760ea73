import type { Provider } from '@nestjs/common';
import { HostCode } from '../../../kernel/host/host-code.js';
import { EventsBeside } from '../../../kernel/monitored/events-beside.js';
import { ManagedQueues } from '../../broker/managed-queues.js';
import { ProcessActivity } from '../../jobs/activity/process-activity.js';
import type { MessageQueueConfig } from '../../message-queue.options.js';
import { MessageQueueService } from '../../message-queue.service.js';
import { MESSAGE_QUEUE_CONFIG } from '../../message-queue.tokens.js';
import { Fleet } from '../../monitoring/activity/fleet.js';
import { keepMetrics } from '../../operations/metrics/metrics-of-service.js';
import { MetricsPage } from '../../operations/metrics/metrics-page.js';
import { metricsSources } from '../../operations/metrics/metrics-sources.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { MessageQueueWorker } from '../../worker/message-queue.worker.js';

/** The metrics of the app. */
export const METRICS_PAGE: Provider = {
  provide: MetricsPage,
  useFactory: (
    messageQueue: MessageQueueService,
    activity: ProcessActivity,
    queues: ManagedQueues,
    fleet: Fleet,
    worker: MessageQueueWorker,
    breakers: CircuitBreakers,
    host: HostCode,
    config: MessageQueueConfig,
    events: EventsBeside,
  ) =>
    keepMetrics(
      messageQueue,
      new MetricsPage(metricsSources({ activity, queues, fleet, worker, breakers, host, config, events })),
    ),
  inject: [
    ...[MessageQueueService, ProcessActivity, ManagedQueues, Fleet, MessageQueueWorker, CircuitBreakers],
    ...[HostCode, MESSAGE_QUEUE_CONFIG, EventsBeside],
  ],
};
