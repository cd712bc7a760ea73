import { Injectable } from '@nestjs/common';

/** One processed job of the app's own queues, as clients see it. */
export interface FeedEvent {
  /** For example `queue_processed_chat`. */
  readonly name: string;
  readonly jobId: string;
  readonly payload: object;
}

const KEPT_EVENTS = 1_000;

/** The latest events of the app's own queues, newest last. A job that runs twice is published once. */
@Injectable()
export class ConversationFeed {
  private readonly events = new Map<string, FeedEvent>();

  /** @returns false when this job was published before */
  publish(name: string, jobId: string, payload: object): boolean {
    if (this.events.has(jobId)) return false;
    this.events.set(jobId, { name, jobId, payload });
    const oldest = this.events.keys().next();
    if (this.events.size > KEPT_EVENTS && !oldest.done) this.events.delete(oldest.value);
    return true;
  }

  /** The latest events, oldest first. */
  latest(limit = 100): FeedEvent[] {
    return [...this.events.values()].slice(-limit);
  }
}
