/** What nodemailer says about a failed mail. */
interface SmtpError {
  /** For example `EENVELOPE`, `EMESSAGE`, `EAUTH`, `ECONNECTION`. */
  readonly code?: string;
  /** The code of the system or of TLS behind it. */
  readonly originalCode?: string;
  /** What it answers to, such as `RCPT TO`. */
  readonly command?: string;
  /** The server's three digits. */
  readonly responseCode?: number;
  /** The server's answer: may repeat the address or quote the content. */
  readonly response?: string;
  readonly message?: string;
}

/** Where in the conversation it failed: each step is about something else. */
export type SmtpStep = 'connect' | 'tls' | 'auth' | 'sender' | 'recipient' | 'data';

/** What became of a mail that was not taken. */
export interface SmtpAnswer {
  readonly step: SmtpStep;
  /** nodemailer's word for it, with the system's: nothing that the server said. */
  readonly fault: string;
  /** The server's three digits; null when it gave no answer. */
  readonly reply: string | null;
  /** Its enhanced status code (RFC 3463), such as `5.1.1`; empty when it has none. */
  readonly status: string;
  /** Its own words, without addresses. Never to be shown: they may quote the mail. */
  readonly words: string;
}

/** Reads what nodemailer threw. */
export function smtpAnswerOf(thrown: unknown): SmtpAnswer {
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as SmtpError;
  const response = error.response ?? '';
  return {
    step: stepOf(error),
    fault: [error.code ?? 'no code', error.originalCode].filter((code) => code !== undefined).join(' '),
    reply: error.responseCode === undefined ? null : String(error.responseCode),
    // qmail writes it at the end: `sorry, no mailbox here by that name (#5.1.1)`.
    status: /(?:^\d{3}[ -]|\(#)(\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1] ?? '',
    words: (response === '' ? (error.message ?? '') : response).replace(/<[^>]*>|\S+@\S+/g, ' '),
  };
}

function stepOf({ code, command = '' }: SmtpError): SmtpStep {
  if (command === 'MAIL FROM') return 'sender';
  if (command === 'RCPT TO') return 'recipient';
  if (command === 'DATA' || code === 'EMESSAGE') return 'data';
  if (command.startsWith('AUTH') || code === 'EAUTH') return 'auth';
  if (command === 'STARTTLS' || code === 'ETLS') return 'tls';
  return code === 'EENVELOPE' ? 'recipient' : 'connect';
}
