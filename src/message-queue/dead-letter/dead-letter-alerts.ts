import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { SafeLogger } from '../../kernel/host/safe-logger.js';
import { HostCode } from '../../kernel/host/host-code.js';
import { answeredWithin } from '../../kernel/time/answered-within.js';
import { JobEvents } from '../jobs/events/job-events.js';
import { DeadLetterNotifier } from './dead-letter-notifier.js';
import type { DeadLetterNotice } from './dead-letter-notifier.js';

/** Notices that are on their way at the same time; when jobs die faster than that, the rest is only counted. */
const MAX_UNDER_WAY = 100;
/** How long a notice may take until nobody waits for it, milliseconds. */
const LONGEST_NOTICE_MS = 10_000;

/** Passes `deadLettered` events on to the host's notifier, without ever holding a job up. */
@Injectable()
export class DeadLetterAlerts implements OnApplicationShutdown {
  private readonly logger = new SafeLogger('DeadLetters');
  private readonly unsubscribe: () => void;
  private readonly underWay = new Set<Promise<void>>();
  private dropped = 0;

  constructor(
    events: JobEvents,
    private readonly notifier: DeadLetterNotifier,
    private readonly host: HostCode,
  ) {
    this.unsubscribe = events.on('deadLettered', (event) => {
      const { queue, job, jobId: id, attempt: attempts, failure, correlationId } = event;
      this.pass({ queue, job, id, attempts, failure, correlationId });
    });
  }

  /** Waits for the notices that are on their way, each at most 10 s. */
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
    const tooLate = (): Error => new Error(`It took longer than ${LONGEST_NOTICE_MS} ms.`);
    try {
      const sent = Promise.resolve(this.notifier.notify(notice));
      await answeredWithin(sent, LONGEST_NOTICE_MS, tooLate);
    } catch (error) {
      this.host.failed('DeadLetterNotifier.notify()', notice.queue, error);
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
