import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { BUILT_IN_QUEUES, MessageQueueService } from '../message-queue/index.js';
import type { QueueStats } from '../message-queue/index.js';
import { AnnouncementsService } from './announcements.service.js';
import type { AcceptedAnnouncement, AnnouncementProgress } from './announcements.service.js';
import { SendAnnouncementDto } from './send-announcement.dto.js';
import { STRICT } from './strict-body.js';

/** One queue as the page shows it. */
export interface QueueCounts extends Pick<
  QueueStats,
  'waiting' | 'active' | 'delayed' | 'completed' | 'failed' | 'isPaused'
> {
  readonly name: string;
  /** Whether it is one of the library's six. */
  readonly isBuiltIn: boolean;
}

const BUILT_IN: ReadonlySet<string> = new Set(BUILT_IN_QUEUES.map(({ name }) => name));

/** Announcements, and what the queues are doing. */
@Controller('api')
export class OperationsController {
  constructor(
    private readonly announcements: AnnouncementsService,
    private readonly messageQueue: MessageQueueService,
  ) {}

  /** Accepts an announcement to everyone: 202 with the id to ask for its progress. */
  @Post('announcements')
  @HttpCode(202)
  announce(@Body(STRICT) announcement: SendAnnouncementDto): Promise<AcceptedAnnouncement> {
    return this.announcements.send(announcement);
  }

  /** How far an announcement is. */
  @Get('announcements/:batchId')
  progress(@Param('batchId') batchId: string): Promise<AnnouncementProgress> {
    return this.announcements.progressOf(batchId);
  }

  /** The counts of every queue, the library's six first. */
  @Get('queues')
  async queues(): Promise<QueueCounts[]> {
    const { queues } = await this.messageQueue.getQueueMetrics();
    return Object.entries(queues)
      .map(([name, { waiting, active, delayed, completed, failed, isPaused }]) => ({
        ...{ name, isBuiltIn: BUILT_IN.has(name) },
        ...{ waiting, active, delayed, completed, failed, isPaused },
      }))
      .sort((one, other) => Number(other.isBuiltIn) - Number(one.isBuiltIn));
  }
}
