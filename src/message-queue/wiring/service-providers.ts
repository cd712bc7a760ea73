import type { Provider } from '@nestjs/common';
import { DeadLetterAlerts } from '../dead-letter/dead-letter-alerts.js';
import { DeadLetterService } from '../dead-letter/dead-letter.service.js';
import { RetentionSweeper } from '../dead-letter/retention-sweeper.js';
import { BatchEnqueuer } from '../facade/batch-enqueuer.js';
import { BatchStatusReader } from '../facade/batch-status.js';
import { JobEnqueuer } from '../facade/job-enqueuer.js';
import { JobStatusReader } from '../facade/job-status-reader.js';
import { QueueAdministration } from '../facade/queue-administration.js';
import { UNPLUGGED_PORTS } from './default-adapters.js';
import { Clock } from '../../kernel/time/clock.js';
import { JobExecutor } from '../execution/job-executor.js';
import type { MessageQueueConfig } from '../message-queue.options.js';
import { MessageQueueService } from '../message-queue.service.js';
import { MESSAGE_QUEUE_CONFIG } from '../message-queue.tokens.js';
import { MessageQueueWorker } from '../worker/message-queue.worker.js';
import { ActivityRecorder } from '../monitoring/activity-recorder.js';
import { QueueMonitor } from '../monitoring/queue-monitor.js';
import { NotificationTemplateCheck } from '../queues/notification/notification-template-check.js';
import { ScheduleReconciler } from '../schedules/schedule-reconciler.js';
import { RegisteredQueues } from '../broker/registry/registered-queues.js';
import { ServerGate } from '../worker/server-gate.js';

/** What a host injects. */
export const SERVICE_PROVIDERS: readonly Provider[] = [
  MessageQueueService,
  DeadLetterService,
  QueueMonitor,
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

/** What they are made of, and what works beside them. */
export const SERVICE_PARTS: readonly Provider[] = [
  {
    provide: JobEnqueuer,
    useFactory: (queues: RegisteredQueues, clock: Clock, templates: NotificationTemplateCheck) =>
      new JobEnqueuer(queues, clock, [templates]),
    inject: [RegisteredQueues, Clock, NotificationTemplateCheck],
  },
  BatchEnqueuer,
  BatchStatusReader,
  JobStatusReader,
  QueueAdministration,
  ActivityRecorder,
  UNPLUGGED_PORTS,
  DeadLetterAlerts,
  RetentionSweeper,
  ScheduleReconciler,
  ServerGate,
];
