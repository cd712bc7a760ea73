import { UnrecoverableJobError } from '../../jobs/errors.js';
import { NotificationSendError } from '../../ports/notifications/notification-channel.js';

/** What nodemailer says about a failed mail. */
interface SmtpError {
  /** For example `EENVELOPE`, `EMESSAGE`, `EAUTH`, `ECONNECTION`. */
  readonly code?: string;
  /** The server's three digits. */
  readonly responseCode?: number;
  /** The server's answer: may repeat the address or quote the content. */
  readonly response?: string;
}

/** Answers about this mail or its recipient; any other step (greeting, TLS, sign-in) is about the server or the settings. */
const ABOUT_THE_MAIL: readonly (string | undefined)[] = ['EENVELOPE', 'EMESSAGE'];

/**
 * The error a failed mail ends with: 5xx about the mail is unrecoverable, everything else is worth another attempt. A refused
 * sign-in is not the mail's fault: it counts against the circuit breaker, and mails wait until the settings are right.
 * Its message has the codes only; the server's own words may repeat the address or the content.
 */
export function smtpFailure(thrown: unknown): Error {
  const { code, responseCode, response } = (
    typeof thrown === 'object' && thrown !== null ? thrown : {}
  ) as SmtpError;
  if (responseCode === undefined) {
    return new NotificationSendError(
      `Talking to the mail server failed (${code ?? 'no code'}): check that it is up and SMTP is configured right.`,
    );
  }
  const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response ?? '')?.[1];
  const answer = enhanced === undefined ? String(responseCode) : `${responseCode} ${enhanced}`;
  if (!ABOUT_THE_MAIL.includes(code)) {
    return new NotificationSendError(
      `The mail server answered ${answer} before any mail was sent (${code ?? 'no code'}): check user, password and TLS.`,
    );
  }
  if (responseCode < 500) return new NotificationSendError(`The mail server answered ${answer}: not now.`);
  return new UnrecoverableJobError(`The mail server answered ${answer}: it will never take this mail.`);
}
