import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  BatchProgressStore,
  JobPriority,
  MessageQueueService,
  MessageStore,
} from '../message-queue/index.js';
import type { BatchStatusCounts } from '../message-queue/index.js';
import type { SendAnnouncementDto } from './send-announcement.dto.js';

/** Everybody in this small town: the two users of the page, and neighbours who are never online. */
const RESIDENTS: readonly string[] = [
  ...['ada', 'grace'],
  ...Array.from({ length: 198 }, (_, n) => `neighbour-${n + 1}`),
];

/** Small enough that one can watch it. */
const CHUNK = { chunkSize: 10, chunkDelay: 150 };

/** An announcement that is queued. */
export interface AcceptedAnnouncement {
  readonly batchId: string;
  readonly recipients: number;
}

/** How far an announcement is. */
export interface AnnouncementProgress {
  readonly batchId: string;
  /** Of its chunks, 0 to 100. */
  readonly percentage: number;
  readonly recipients: number;
  /** Messages put into the delivery queue. */
  readonly sent: number;
  readonly failed: number;
  /** Recipients by how far their copy has come. */
  readonly statuses: BatchStatusCounts;
}

/** Sends one text to everyone. */
@Injectable()
export class AnnouncementsService {
  constructor(
    private readonly messageQueue: MessageQueueService,
    private readonly progress: BatchProgressStore,
    private readonly messages: MessageStore,
  ) {}

  /** Queues an announcement for everyone but its sender. */
  async send({ senderId, content }: SendAnnouncementDto): Promise<AcceptedAnnouncement> {
    const batchId = `announcement-${randomUUID()}`;
    const recipientIds = RESIDENTS.filter((resident) => resident !== senderId);
    await this.messageQueue.addBatchMessageJob(
      { batchId, senderId, recipientIds, content, ...CHUNK, createdAt: new Date() },
      { priority: JobPriority.LOW },
    );
    return { batchId, recipients: recipientIds.length };
  }

  /** All zero while nothing of the batch has begun, or when there is none of this id. */
  async progressOf(batchId: string): Promise<AnnouncementProgress> {
    const [summary, statuses] = await Promise.all([
      this.progress.summarize(batchId),
      this.messages.countBatch(batchId),
    ]);
    const { chunksDone = 0, totalChunks = 0, recipients = 0, sent = 0, failed = 0 } = summary ?? {};
    const percentage = totalChunks === 0 ? 0 : Math.floor((chunksDone / totalChunks) * 100);
    return { batchId, percentage, recipients, sent, failed, statuses };
  }
}
