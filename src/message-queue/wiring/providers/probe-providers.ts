import type { Provider } from '@nestjs/common';
import { Clock } from '../../../kernel/time/clock.js';
import { ManagedQueues } from '../../broker/managed-queues.js';
import type { MessageQueueConfig } from '../../message-queue.options.js';
import { MESSAGE_QUEUE_CONFIG } from '../../message-queue.tokens.js';
import { Probes } from '../../operations/probes/probes.js';
import { Readiness } from '../../worker/readiness.js';

/** What tells orchestrators whether the process lives and is ready. */
export const PROBES: Provider = {
  provide: Probes,
  useFactory: (
    { operations: { probes } }: MessageQueueConfig,
    state: Readiness,
    queues: ManagedQueues,
    clock: Clock,
  ) => new Probes({ settings: probes, state, queues, clock }),
  inject: [MESSAGE_QUEUE_CONFIG, Readiness, ManagedQueues, Clock],
};
