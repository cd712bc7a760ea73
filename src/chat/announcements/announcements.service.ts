import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JobNotFoundError, JobPriority, MessageQueueService, QueueName } from '../../message-queue/index.js';
import { MessageStore } from '../../message-queue/ports/index.js';
import { batchMessageId } from '../../message-queue/queues/index.js';
import type { BatchStatus, CancelOutcome, JobStatus } from '../../message-queue/index.js';
import type { StoredMessage } from '../../message-queue/ports/index.js';
import { NOTICE_BOARD } from '../messages/conversation-access.js';
import { People } from '../sign-in/people/people.js';

/** Small enough that one can watch it. */
const CHUNK = { chunkSize: 10, chunkDelay: 150 };

/** Each recipient's copy is in a conversation named like its batch; the notice board keeps one for all. */
const NOTICE_BOARD_READER = 'everyone';
const LISTED = 50;
const SAVE_WITHIN_MS = 5_000;

/** An announcement that is queued. */
export interface AcceptedAnnouncement {
  readonly batchId: string;
  readonly recipients: number;
}

/** Where an announcement is: `queued` until the first chunk is handed on. */
export type AnnouncementState = 'queued' | 'sending' | 'done' | 'cancelled' | 'failed';

/** How far an announcement is. Everything counts recipients, but `percentage` chunks. */
export interface AnnouncementProgress extends Pick<
  BatchStatus,
  'batchId' | 'recipients' | 'queued' | 'pending' | 'sent' | 'delivered' | 'read' | 'failed'
> {
  readonly state: AnnouncementState;
  /** 0 to 100. */
  readonly percentage: number;
}

const NOTHING_YET = {
  ...{ recipients: 0, chunksDone: 0, totalChunks: 0 },
  ...{ queued: 0, pending: 0, sent: 0, delivered: 0, read: 0, failed: 0 },
};

/** Sends one text to everyone. */
@Injectable()
export class AnnouncementsService {
  constructor(
    private readonly messageQueue: MessageQueueService,
    private readonly messages: MessageStore,
    private readonly people: People,
  ) {}

  /** Queues an announcement for everyone but its sender. @throws what `MessageQueueService.enqueue` throws */
  async send(senderId: string, content: string): Promise<AcceptedAnnouncement> {
    const batchId = `announcement-${randomUUID()}`;
    const recipientIds = this.people.residents.filter((resident) => resident !== senderId);
    const createdAt = new Date();
    const notice = { messageId: batchId, senderId, conversationId: NOTICE_BOARD, content, createdAt };
    // Kept first: nobody gets an announcement that is not on the list.
    await this.messages.save(
      { ...notice, recipientId: NOTICE_BOARD_READER, encrypted: false, attachments: [], batchId: null },
      AbortSignal.timeout(SAVE_WITHIN_MS),
    );
    await Promise.all([
      this.messageQueue.addBatchMessageJob(
        { batchId, senderId, recipientIds, content, ...CHUNK, createdAt },
        // The batch is one job of the same name, so that its id is enough to ask for it and to cancel it.
        { jobId: batchId, priority: JobPriority.LOW },
      ),
      this.messageQueue.addIndexingJob({ ...notice, operation: 'index' }),
    ]);
    return { batchId, recipients: recipientIds.length };
  }

  /** A recipient's copies of the latest 50 announcements, newest first. */
  async listFor(recipientId: string): Promise<readonly StoredMessage[]> {
    const { items } = await this.messages.listConversation(NOTICE_BOARD, { limit: LISTED });
    const copies = await Promise.all(
      items.map(({ messageId }) => this.messages.find(batchMessageId(messageId, recipientId))),
    );
    return copies.filter((copy) => copy !== null);
  }

  /** How far an announcement is, or null when there is none of this id. */
  async progressOf(batchId: string): Promise<AnnouncementProgress | null> {
    const notice = await this.messages.find(batchId);
    if (notice?.conversationId !== NOTICE_BOARD) return null;
    const [batch, job] = await Promise.all([
      this.messageQueue.getBatchStatus(batchId),
      this.messageQueue.getJobStatus(QueueName.BATCH_MESSAGE_SENDING, batchId).catch(nullWhenGone),
    ]);
    const { recipients, chunksDone, totalChunks, ...counts } = batch ?? NOTHING_YET;
    const { queued, pending, sent, delivered, read, failed } = counts;
    return {
      ...{ batchId, state: stateOf(job, batch), recipients },
      percentage: totalChunks === 0 ? 0 : Math.floor((chunksDone / totalChunks) * 100),
      ...{ queued, pending, sent, delivered, read, failed },
    };
  }

  /** Stops an announcement; what was handed on is delivered. */
  cancel(batchId: string): Promise<CancelOutcome> {
    return this.messageQueue.cancelJob(QueueName.BATCH_MESSAGE_SENDING, batchId, 'cancelled on the page');
  }
}

function stateOf(job: JobStatus | null, batch: BatchStatus | null): AnnouncementState {
  const isComplete = batch !== null && batch.chunksDone === batch.totalChunks;
  if (job === null) return isComplete ? 'done' : 'failed';
  if (job.state === 'completed') return 'done';
  if (job.cancelled !== null) return 'cancelled';
  if (job.state === 'failed') return 'failed';
  return batch === null ? 'queued' : 'sending';
}

function nullWhenGone(error: unknown): null {
  if (error instanceof JobNotFoundError) return null;
  throw error;
}
