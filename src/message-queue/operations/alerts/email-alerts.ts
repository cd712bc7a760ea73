import { InvalidConfigurationError } from '../../../kernel/errors.js';
import { Issues } from '../../../kernel/values/issues.js';
import { isRecord, matching } from '../../../kernel/values/kinds.js';
import type { AlertNotice } from '../../jobs/events/alert-notice.js';
import type { AlertSinkFactory } from '../../monitoring/alerts/settings/given-sinks.js';
import { AlertSink } from '../../ports/alerts/alert-sink.js';
import { EmailChannel } from '../../ports/notifications/notification-channel.js';
import { AlertSendError } from './alert-send.error.js';
import { noticeId } from './notice-id.js';
import { noticeLines, noticeTitle } from './notice-text.js';

/** Who gets alerts by mail. */
export interface EmailAlertsOptions {
  /** One plain mail address, or several: each gets a mail of its own. */
  readonly to: string | readonly string[];
}

const ADDRESS = matching('one plain mail address, without a name', /^[^\s@<>,;]{1,64}@[^\s@<>,;]{1,255}$/);

/**
 * Mails alerts through the app's `EmailChannel`, such as the SMTP adapter: directly, never through a queue that may be what is wrong. A
 * mail that is sent again has the same id.
 * @throws InvalidConfigurationError
 */
export function emailAlerts(options: EmailAlertsOptions): AlertSinkFactory {
  const issues = new Issues();
  const given: unknown = isRecord(options) ? options.to : undefined;
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  issues.unless(list.length > 0, 'to', 'must have at least one address');
  list.forEach((one, index) => issues.check(Array.isArray(given) ? `to.${index}` : 'to', one, ADDRESS));
  issues.throwIfAny(InvalidConfigurationError, 'The options of emailAlerts are wrong:');
  return {
    inject: [EmailChannel],
    useFactory: (channel: EmailChannel) => new EmailAlertSink(channel, list as readonly string[]),
  };
}

class EmailAlertSink extends AlertSink {
  readonly name = 'email';

  constructor(
    private readonly channel: EmailChannel,
    private readonly to: readonly string[],
  ) {
    super();
  }

  async send(notice: AlertNotice, signal: AbortSignal): Promise<void> {
    const sent = await Promise.allSettled(this.to.map((address) => this.mail(address, notice, signal)));
    const failed = sent.filter(({ status }) => status === 'rejected');
    const [first] = failed as PromiseRejectedResult[];
    if (first === undefined) return;
    const { length } = this.to;
    throw new AlertSendError(`${failed.length} of ${length} addresses got no mail.`, { cause: first.reason });
  }

  private async mail(destination: string, notice: AlertNotice, signal: AbortSignal): Promise<void> {
    const receipt = await this.channel.send(
      {
        notificationId: noticeId(notice),
        recipientId: 'alerts',
        destination,
        title: noticeTitle(notice),
        body: noticeLines(notice).join('\n\n'),
        urgent: notice.status === 'firing' && notice.severity === 'critical',
        expiresAt: null,
      },
      signal,
    );
    if (receipt.outcome !== 'sent')
      throw new AlertSendError(`The mail service answered "${receipt.outcome}".`);
  }
}
