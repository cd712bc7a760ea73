import { Controller, Get } from '@nestjs/common';
import { MessageQueueService } from '../../message-queue/index.js';
import { BUILT_IN_QUEUES } from '../../message-queue/queues/index.js';
import { CHAT_QUEUES } from './chat-queues.js';
import type { QueueStats } from '../../message-queue/operations/index.js';

/** One queue as the page shows it. */
export interface QueueCounts extends Pick<
  QueueStats,
  'waiting' | 'active' | 'delayed' | 'completed' | 'failed' | 'isPaused'
> {
  readonly name: string;
  /** What it is for. */
  readonly description: string;
  /** Whether it is one of the library's six. */
  readonly isBuiltIn: boolean;
}

const BUILT_IN: ReadonlySet<string> = new Set(BUILT_IN_QUEUES.map(({ name }) => name));
const DESCRIPTIONS: ReadonlyMap<string, string> = new Map(
  [...BUILT_IN_QUEUES, ...CHAT_QUEUES].map(({ name, description }) => [name, description]),
);

/** What the queues are doing, in all processes together. */
@Controller('api/queues')
export class QueueCountsController {
  constructor(private readonly messageQueue: MessageQueueService) {}

  /** The counts of every queue, the library's six first. */
  @Get()
  async list(): Promise<QueueCounts[]> {
    const { queues } = await this.messageQueue.getQueueMetrics();
    return Object.entries(queues)
      .map(([name, { waiting, active, delayed, completed, failed, isPaused }]) => ({
        ...{ name, description: DESCRIPTIONS.get(name) ?? '', isBuiltIn: BUILT_IN.has(name) },
        ...{ waiting, active, delayed, completed, failed, isPaused },
      }))
      .sort((one, other) => Number(other.isBuiltIn) - Number(one.isBuiltIn));
  }
}
