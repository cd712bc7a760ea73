import { Injectable } from '@nestjs/common';
import type { JobContext } from '../message-queue/index.js';
import { ConversationFeed } from './conversation-feed.js';

/** Result of a job of the app's own queues. `published` is false when an earlier run had published it. */
export interface PublishResult {
  readonly published: boolean;
}

/** What the processors of the app's own queues share: they tell clients what has been processed. */
@Injectable()
export abstract class FeedProcessor {
  constructor(private readonly feed: ConversationFeed) {}

  protected async publish(event: string, payload: object, context: JobContext): Promise<PublishResult> {
    const published = await this.feed.publish({ name: event, jobId: context.jobId, payload }, context.signal);
    await context.progress({ percentage: 100, step: 'published' });
    return { published };
  }
}
