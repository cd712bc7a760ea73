import { JobHandler, Processor } from 'nestjs-message-queue';
import type { BatchContext, JobContext } from 'nestjs-message-queue';
import { OUTGOING } from './outgoing.queue.js';
import type { OutgoingDto } from './outgoing.queue.js';

/** What the provider's client says of a text; `retryAfterMs` when it answered 429. */
export type SmsAnswer = { readonly retryAfterMs?: number };

/** Whatever takes messages to people. */
export abstract class Post {
  abstract send(text: string, signal: AbortSignal): Promise<void>;
  abstract sms(text: string, signal: AbortSignal): Promise<SmsAnswer>;
}

@Processor(OUTGOING.name)
export class OutgoingProcessor {
  constructor(private readonly post: Post) {}

  @JobHandler(OUTGOING, 'send-message')
  async sendMessage({ text }: OutgoingDto, { signal }: JobContext): Promise<void> {
    await this.post.send(text, signal);
  }

  @JobHandler(OUTGOING, 'send-sms')
  async sendSms({ text }: OutgoingDto, context: JobContext): Promise<void> {
    const { retryAfterMs } = await this.post.sms(text, context.signal);
    // The rate closes for everybody, and this job runs again then: no attempt is spent.
    if (retryAfterMs !== undefined) context.rateLimited(retryAfterMs);
  }

  @JobHandler(OUTGOING, 'digest')
  async digest(payloads: OutgoingDto[], batch: BatchContext): Promise<void> {
    const good = payloads.filter(({ text }, index) => {
      const isEmpty = text.trim() === '';
      // This one fails, and is tried again by itself; the others complete.
      if (isEmpty) batch.fail(index, new Error('There is nothing to tell.'));
      return !isEmpty;
    });
    if (good.length > 0) await this.post.send(good.map(({ text }) => text).join('\n'), batch.signal);
  }
}
