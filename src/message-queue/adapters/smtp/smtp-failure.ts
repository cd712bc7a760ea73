import { RateLimited, UnrecoverableJobError } from '../../jobs/errors.js';
import { ChannelSettingsError, DestinationBusyError } from '../../ports/destination-errors.js';
import { NotificationSendError } from '../../ports/notifications/notification-channel.js';
import type { ChannelReceipt } from '../../ports/notifications/notification-channel.js';
import { namedWait } from './named-wait.js';
import { smtpAnswerOf } from './smtp-answer.js';
import type { SmtpAnswer } from './smtp-answer.js';
import { smtpVerdictOf } from './smtp-verdict.js';

const HOUR_MS = 60 * 60 * 1000;
/** As long as RFC 5321 §4.5.4.1 has a sender go on. */
const FULL_MAILBOX_PATIENCE_MS = 4 * 24 * HOUR_MS;

/**
 * The receipt or the error that a failed mail ends with, by what the server's answer is about. Both have its codes only: its own words may
 * repeat the address or the content.
 */
export function smtpFailure(thrown: unknown): ChannelReceipt | Error {
  const answer = smtpAnswerOf(thrown);
  const codes = [answer.reply, answer.status].filter(Boolean).join(' ');
  const says = `The mail server answered ${codes}${WHERE[answer.step]}`;
  switch (smtpVerdictOf(answer)) {
    case 'later':
      return new DestinationBusyError(`${says}: not now.`, namedWait(answer.words));
    case 'full':
      return new DestinationBusyError(`${says}: the mailbox is full.`, HOUR_MS, FULL_MAILBOX_PATIENCE_MS);
    case 'bounced':
      return { outcome: 'refused', reason: 'bounced', detail: `SMTP ${codes}` };
    case 'invalid':
      return { outcome: 'refused', reason: 'invalid', detail: `SMTP ${codes}` };
    case 'mail':
      return new UnrecoverableJobError(`${says}: it will never take this mail.`);
    case 'quota':
      return new RateLimited(HOUR_MS, `${says}: it takes no more of our mails for now.`);
    case 'settings':
      return new ChannelSettingsError(settingsMessage(answer, says));
    case 'service':
      return new NotificationSendError(
        answer.reply === null
          ? `Talking to the mail server failed (${answer.fault}): check that it is up and SMTP is configured right.`
          : `${says}, which is no answer to that: the session was lost.`,
      );
  }
}

const WHERE = {
  connect: ' when it was connected to',
  tls: ' to STARTTLS',
  auth: ' to the sign-in',
  sender: ' to the sender',
  recipient: ' to the recipient',
  data: ' to the mail',
} as const satisfies Record<SmtpAnswer['step'], string>;

function settingsMessage({ step, reply, fault }: SmtpAnswer, says: string): string {
  const happened = reply === null ? `Mails cannot be sent (${fault})` : says;
  return `${happened}: ${CHECK[reply === null && step === 'connect' ? 'tls' : step]}.`;
}

const CHECK = {
  connect: 'check host, port, TLS, and whether the server takes mail from this machine',
  tls: 'check its TLS and certificate; with a password, TLS is required unless `requireTls: false` is set',
  auth: 'check user and password',
  sender: 'check `from`, and whether user and network may send from there',
  recipient: 'check whether user and network may send to other domains there',
  data: 'check SPF, DKIM, and whether user and network may send from there',
} as const satisfies Record<SmtpAnswer['step'], string>;
