import type { AlertNotice } from '../../jobs/events/alert-notice.js';

/** Where alerts go. Each may be told twice of the same, and never not at all. */
export abstract class AlertSink {
  /** For the log and for the list of who was told: such as `pager`. Tells the sinks of an app apart. */
  abstract readonly name: string;
  /**
   * Tells somebody. Rejects when nobody was told; it is tried again with the next evaluation.
   * @param signal aborts when it takes too long (60 s), or the process ends
   */
  abstract send(notice: AlertNotice, signal: AbortSignal): Promise<void>;
}
