import { Injectable } from '@nestjs/common';
import { SocketIoTransport } from '../message-queue/adapters/socket-io/index.js';

/** One processed job of the app's own queues, as clients see it. */
export interface FeedEvent {
  /** For example `queue_processed_chat`. */
  readonly name: string;
  readonly jobId: string;
  readonly payload: object;
}

const KEPT_EVENTS = 1_000;

/**
 * Tells clients what the app's own queues have processed: those with a `userId` go to that user's sockets, all of them are kept
 * here, newest last. A job that runs twice is published once.
 */
@Injectable()
export class ConversationFeed {
  private readonly events = new Map<string, FeedEvent>();

  constructor(private readonly sockets: SocketIoTransport) {}

  /** @returns false when this job was published before */
  async publish(event: FeedEvent, signal: AbortSignal): Promise<boolean> {
    const { name, jobId, payload } = event;
    if (this.events.has(jobId)) return false;
    if ('userId' in payload && typeof payload.userId === 'string') {
      await this.sockets.emitToUser(payload.userId, name, { jobId, ...payload }, signal);
    }
    this.events.set(jobId, event);
    const oldest = this.events.keys().next();
    if (this.events.size > KEPT_EVENTS && !oldest.done) this.events.delete(oldest.value);
    return true;
  }

  /** The latest events, oldest first. */
  latest(limit = 100): FeedEvent[] {
    return [...this.events.values()].slice(-limit);
  }
}
