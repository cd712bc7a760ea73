import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import type { AlertNotice } from '../../jobs/events/alert-notice.js';
import type { JobEvents } from '../../jobs/events/job-events.js';
import type { EventLog } from '../../telemetry/logs/event-log.js';
import { AlertSink } from '../../ports/alerts/alert-sink.js';
import { noticeLines, noticeTitle } from './notice-text.js';

/** Writes alerts to the log: critical ones as errors, others as warnings, their ends as plain lines. */
export class LogAlertSink extends AlertSink {
  readonly name = 'log';
  private readonly logger = new SafeLogger('Alerts');

  /** @param log where alerts are told in fields, if that is what the log has */
  constructor(private readonly log: Pick<EventLog, 'hasFields' | 'alert'>) {
    super();
  }

  async send(notice: AlertNotice): Promise<void> {
    const line = `${noticeTitle(notice)}. ${noticeLines(notice).join(' ')}`;
    if (this.log.hasFields) this.log.alert(notice);
    else if (notice.status === 'resolved') this.logger.log(line);
    else if (notice.severity === 'critical') this.logger.error(line);
    else this.logger.warn(line);
    return Promise.resolve();
  }
}

/** Tells those who listen to the event `alert` in this process. */
export class EventAlertSink extends AlertSink {
  readonly name = 'event';

  constructor(private readonly events: JobEvents) {
    super();
  }

  async send(notice: AlertNotice): Promise<void> {
    this.events.emit('alert', notice);
    return Promise.resolve();
  }
}
