import { Logger } from '@nestjs/common';
import { HandlerRegistry } from '../jobs/handler-registry.js';
import type { JobContext } from '../jobs/job-context.js';
import type { JobRunner } from '../message-queue.worker.js';
import type { Provider } from '@nestjs/common';
import { ManagedQueues } from '../broker/managed-queues.js';
import { DeadLetterService } from '../dead-letter/dead-letter.service.js';
import { JobEnqueuer } from '../facade/job-enqueuer.js';
import { QueueAdministration } from '../facade/queue-administration.js';
import type { MessageQueueConfig } from '../message-queue.options.js';
import { MessageQueueService } from '../message-queue.service.js';
import { MESSAGE_QUEUE_CONFIG } from '../message-queue.tokens.js';
import { MessageQueueWorker } from '../message-queue.worker.js';
import { RegisteredQueues } from './registered-queues.js';

/** What a host injects. */
export const SERVICE_PROVIDERS: readonly Provider[] = [
  MessageQueueService,
  DeadLetterService,
  {
    provide: MessageQueueWorker,
    useFactory: (queues: RegisteredQueues, registry: HandlerRegistry, config: MessageQueueConfig) =>
      new MessageQueueWorker(queues, interim(registry), config),
    inject: [RegisteredQueues, HandlerRegistry, MESSAGE_QUEUE_CONFIG],
  },
];

/** What they are made of. */
export const SERVICE_PARTS: readonly Provider[] = [JobEnqueuer, QueueAdministration];

function interim(registry: HandlerRegistry): JobRunner {
  return {
    runnerOf:
      (definition) =>
      async ({ job, signal }) => {
        const logger = new Logger();
        const context: JobContext = {
          queue: definition.name,
          jobName: job.name,
          jobId: String(job.id),
          attempt: 1,
          maxAttempts: 3,
          signal,
          deadline: Date.now() + 1000,
          correlationId: '',
          metadata: {},
          logger,
          progress: async (progress) => {
            await job.progress(progress);
          },
        };
        const result = await registry
          .handlerOf(definition.name, job.name)
          ?.handle(job.data as object, context);
        return { kind: 'completed', result };
      },
  };
}
