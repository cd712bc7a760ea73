import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { JobEvents } from '../jobs/job-events.js';
import { DeadLetterNotifier } from './dead-letter-notifier.js';
import type { DeadLetterNotice } from './dead-letter-notifier.js';

/** Notices that are on their way at the same time; when jobs die faster than that, the rest is only counted. */
const MAX_UNDER_WAY = 100;

/** Passes `deadLettered` events on to the host's notifier, without ever holding a job up. */
@Injectable()
export class DeadLetterAlerts implements OnApplicationShutdown {
  private readonly logger = new Logger('DeadLetters');
  private readonly unsubscribe: () => void;
  private readonly underWay = new Set<Promise<void>>();
  private dropped = 0;

  constructor(
    events: JobEvents,
    private readonly notifier: DeadLetterNotifier,
  ) {
    this.unsubscribe = events.on('deadLettered', (event) => {
      const { queue, job, jobId: id, attempt: attempts, failure, correlationId } = event;
      this.pass({ queue, job, id, attempts, failure, correlationId });
    });
  }

  /** Waits for the notices that are on their way. */
  async onApplicationShutdown(): Promise<void> {
    this.unsubscribe();
    await Promise.all(this.underWay);
  }

  private pass(notice: DeadLetterNotice): void {
    if (this.underWay.size >= MAX_UNDER_WAY) {
      this.dropped += 1;
      return;
    }
    const sent = this.send(notice).finally(() => {
      this.underWay.delete(sent);
      if (this.underWay.size === 0) this.reportDropped();
    });
    this.underWay.add(sent);
  }

  private async send(notice: DeadLetterNotice): Promise<void> {
    try {
      await this.notifier.notify(notice);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.logger.error(
        `The notice about dead letter ${notice.id} of queue "${notice.queue}" failed: ${text}`,
      );
    }
  }

  private reportDropped(): void {
    if (this.dropped === 0) return;
    this.logger.error(
      `${this.dropped} more jobs became dead letters while ${MAX_UNDER_WAY} notices were on their way.`,
    );
    this.dropped = 0;
  }
}
