import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { MessageQueueService, RetryLater } from '../../message-queue/index.js';
import { MessageStore, MessageTransport } from '../../message-queue/ports/index.js';

const PAGE = 100;

/** Delivers what has waited for a user, oldest first and one after the other, when the user is back; then says what was recalled meanwhile. */
@Injectable()
export class PendingMessages implements OnModuleDestroy {
  private readonly logger = new Logger(PendingMessages.name);
  private readonly stopping = new AbortController();
  private readonly runs = new Map<string, { again: boolean; readonly done: Promise<void> }>();

  constructor(
    private readonly messages: MessageStore,
    private readonly transport: MessageTransport,
    private readonly messageQueue: MessageQueueService,
  ) {}

  /** Starts to deliver; a user's second device that comes meanwhile gets its own round after it. */
  deliverTo(userId: string): void {
    const running = this.runs.get(userId);
    if (running !== undefined) running.again = true;
    else if (!this.stopping.signal.aborted) {
      this.runs.set(userId, { again: false, done: Promise.resolve().then(() => this.run(userId)) });
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort(new Error('The app is shutting down.'));
    await Promise.all([...this.runs.values()].map(({ done }) => done));
  }

  private async run(userId: string): Promise<void> {
    try {
      do {
        const state = this.runs.get(userId);
        if (state !== undefined) state.again = false;
        await this.deliverAll(userId);
      } while (this.runs.get(userId)?.again === true);
    } catch (error) {
      // Whatever was not delivered is still pending: it comes with the user's next connection.
      const isExpected = this.stopping.signal.aborted || error instanceof RetryLater;
      if (!isExpected) this.logger.warn(`Pending messages stay pending: ${nameOf(error)}`);
    } finally {
      this.runs.delete(userId);
    }
  }

  private async deliverAll(userId: string): Promise<void> {
    const { signal } = this.stopping;
    let cursor: string | undefined;
    do {
      const page = await this.messages.listPending(userId, { limit: PAGE, cursor }, signal);
      for (const message of page.items) {
        const { outcome } = await this.transport.deliver(message, signal);
        if (outcome === 'offline' || outcome === 'refused') return;
        const now = new Date();
        await this.messageQueue.addDeliveryConfirmationJob({
          messageId: message.messageId,
          recipientId: userId,
          status: outcome,
          occurredAt: now,
          createdAt: now,
        });
      }
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    await this.tellRecalled(userId);
  }

  private async tellRecalled(userId: string): Promise<void> {
    const { signal } = this.stopping;
    let cursor: string | undefined;
    do {
      const page = await this.messages.listRecalled(userId, { limit: PAGE, cursor }, signal);
      for (const { messageId, conversationId } of page.items) {
        const isTold = await this.transport.announceRecall?.({ messageId, conversationId, userId }, signal);
        if (isTold !== true) return;
        await this.messages.confirmRecalled(messageId, userId, signal);
      }
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown error';
}
