import type { SmtpStep } from './smtp-answer.js';
import { NOBODY, NO_POLICY, OUR_HOST } from './smtp-words.js';

/**
 * What an answer is about:
 * - `later`: the same again, later · `full`: as `later`, but somebody has to clear up a mailbox first
 * - `bounced`: there is no such mailbox · `invalid`: the address can never be right
 * - `mail`: this mail, and no other · `settings`: we, whoever the mail is for · `quota`: we have sent as much as we may
 * - `service`: the server itself
 */
export type SmtpVerdict =
  'later' | 'full' | 'bounced' | 'invalid' | 'mail' | 'settings' | 'quota' | 'service';

/** One rule of the table. */
export interface SmtpRule {
  /** Default: at any step. */
  readonly at?: readonly SmtpStep[];
  /** The three digits. */
  readonly reply: RegExp;
  /** The enhanced status code; empty where the server gives none. Default: any, or none. */
  readonly status?: RegExp;
  /** Where the codes alone leave it open: the words that common servers use. */
  readonly words?: RegExp;
  readonly about: SmtpVerdict;
  /** Where that is written. */
  readonly source: string;
}

const BEFORE_MAIL = ['connect', 'tls', 'auth'] as const;
const OF_RECIPIENT = ['recipient', 'data'] as const;
/** No status code, or one that says nothing. */
const NONE = /^(?:|5\.[0135]\.0)$/;
/** As those, and `5.7.1`, which servers give for anything that they refuse. */
const VAGUE = /^(?:|5\.[0135]\.0|5\.7\.1)$/;

/**
 * Each answer, judged by what it is about. The first rule that holds decides. Words of the server count only where its codes leave it open,
 * and never after the content was sent: an answer may quote that, and whoever wrote it would decide what becomes of the channel.
 */
export const SMTP_RULES: readonly SmtpRule[] = [
  // 4yz: the same again, later, whatever it is about.
  {
    reply: /^432$/,
    about: 'settings',
    source: 'RFC 4954 §6: the password has to be moved to another mechanism, by hand',
  },
  { reply: /^4/, status: /^4\.2\.2$/, about: 'full', source: 'RFC 3463 §3.3 X.2.2 mailbox full' },
  {
    at: OF_RECIPIENT,
    reply: /^452$/,
    status: /^$/,
    words: /mailbox|quota/i,
    about: 'full',
    source: 'RFC 5321 §4.2.3: 452 insufficient storage, of one mailbox',
  },
  {
    reply: /^4/,
    about: 'later',
    source: 'RFC 5321 §4.2.1 transient negative completion, §4.5.4.1 retry; 421 as 450, 451, 452, 454, 455',
  },

  // Before a mail: 5yz is about us.
  {
    at: BEFORE_MAIL,
    reply: /^5/,
    about: 'settings',
    source: 'RFC 5321 §3.1 554, RFC 7504 521, RFC 3207 §4 501, RFC 4954 §6 500, 534, 535, 538',
  },
  {
    at: ['sender', 'recipient'],
    reply: /^503$/,
    words: /auth/i,
    about: 'settings',
    source: 'Exim, qmail: sign in first',
  },
  {
    reply: /^503$/,
    about: 'service',
    source: 'RFC 5321 §4.2.3: bad sequence of commands: the session went wrong, not the mail',
  },
  {
    reply: /^(?:530|534|535|538)$/,
    about: 'settings',
    source: 'RFC 4954 §6: sign in first, stronger, encrypted',
  },

  // Status codes that are about us, at any step.
  {
    reply: /^5/,
    status: /^5\.1\.[78]$/,
    about: 'settings',
    source: "RFC 3463 §3.2 X.1.7, X.1.8: the sender's address",
  },
  {
    reply: /^5/,
    status: /^5\.7\.(?:[89]|1[0134])$/,
    about: 'settings',
    source: 'RFC 4954 §6 X.7.8, X.7.9, X.7.11; RFC 5248 registry X.7.10, X.7.13, X.7.14: our account',
  },
  {
    reply: /^5/,
    status: /^5\.7\.2[0-7]$/,
    about: 'settings',
    source: 'RFC 7372 X.7.20–26 DKIM, SPF, reverse DNS; RFC 7505 X.7.27 null MX of the sender',
  },
  {
    reply: /^5/,
    status: /^5\.7\.(?:5[47]|6[04]|50[1-3]|509|511|6[0-4]\d|705|708|750)$/,
    about: 'settings',
    source: 'Exchange (no RFC has them): relaying, "send as", our address, domain or account blocked',
  },
  {
    reply: /^5/,
    status: /^5\.(?:4\.5|7\.28)$/,
    about: 'quota',
    source: 'RFC 3463 §3.5 X.4.5 congestion, registry X.7.28 mail flood: so many a day',
  },

  // Status codes that are about this mail.
  {
    reply: /^5/,
    status: /^5\.(?:2\.3|3\.4|7\.16)$/,
    about: 'mail',
    source: 'RFC 3463 §3.3 X.2.3, §3.4 X.3.4: too big',
  },
  {
    at: ['sender', 'data'],
    reply: /^552$/,
    status: /^$/,
    words: /size|too (?:big|large|long)|exceeds/i,
    about: 'mail',
    source: 'RFC 1870 §6.1, §6.3: 552 message size exceeds the maximum',
  },

  // MAIL FROM: what else is refused here is refused whoever the mail is for.
  {
    at: ['sender'],
    reply: /^55[25]$/,
    about: 'mail',
    source: 'RFC 1870 §6.1 SIZE; RFC 5321 §4.1.1.11: 555 a parameter of MAIL',
  },
  {
    at: ['sender'],
    reply: /^5/,
    about: 'settings',
    source: 'RFC 5321 §4.3.2: MAIL 550, 553, and relaying denied: the sender',
  },

  // The recipient.
  {
    at: OF_RECIPIENT,
    reply: /^5/,
    status: /^5\.2\.2$/,
    about: 'full',
    source: 'RFC 3463 §3.3 X.2.2: cleared up by its owner',
  },
  {
    at: ['recipient'],
    reply: /^5/,
    status: /^5\.(?:1\.3|6\.7|5\.[24])$/,
    about: 'invalid',
    source: 'RFC 3463 §3.2 X.1.3 syntax; RFC 6531 §4.3 X.6.7 not ASCII',
  },
  {
    at: OF_RECIPIENT,
    reply: /^5/,
    status: /^5\.1\.(?:[12469]|10)$/,
    about: 'bounced',
    source: 'RFC 3463 §3.2 X.1.1, X.1.2, X.1.4, X.1.6; RFC 3886 X.1.9; RFC 7505 X.1.10',
  },
  {
    at: OF_RECIPIENT,
    reply: /^5/,
    status: /^5\.2\.1$/,
    about: 'bounced',
    source: 'RFC 3463 §3.3 X.2.1: mailbox disabled',
  },
  {
    at: OF_RECIPIENT,
    reply: /^5/,
    status: /^5\.7\.1[789]$/,
    about: 'bounced',
    source: 'RFC 7293 §14: the mailbox has another owner',
  },
  {
    at: ['recipient'],
    reply: /^5/,
    status: /^5\.4\.[14]$/,
    about: 'bounced',
    source: 'RFC 3463 §3.5 X.4.1, X.4.4: no way to the domain; Exchange for unknown recipients',
  },
  {
    at: ['recipient'],
    reply: /^5/,
    status: VAGUE,
    words: OUR_HOST,
    about: 'settings',
    source: 'Postfix, Exim, Exchange: relay access denied, client host blocked',
  },
  {
    at: ['recipient'],
    reply: /^5/,
    status: VAGUE,
    words: NOBODY,
    about: 'bounced',
    source: 'Postfix, Exim, Sendmail: unknown user, with a vague code or none',
  },
  {
    at: ['recipient'],
    reply: /^55/,
    status: /^5\.1\.0$/,
    about: 'bounced',
    source: 'RFC 3463 §3.2 X.1.0: something about the address',
  },
  {
    at: OF_RECIPIENT,
    reply: /^552$/,
    status: NONE,
    words: NO_POLICY,
    about: 'full',
    source: 'RFC 5321 §4.2.3: 552 exceeded storage allocation, §4.5.3.1.10',
  },
  {
    at: ['recipient'],
    reply: /^(?:501|553)$/,
    status: NONE,
    words: NO_POLICY,
    about: 'invalid',
    source: 'RFC 5321 §4.2.3: 501 syntax of the argument, 553 mailbox name not allowed',
  },
  {
    at: ['recipient'],
    reply: /^(?:521|550|551|556)$/,
    status: NONE,
    words: NO_POLICY,
    about: 'bounced',
    source:
      'RFC 5321 §4.2.3: 550 mailbox unavailable, 551 user not local; RFC 7504 §4: the domain takes no mail',
  },

  // What is left: spam, viruses, policies of one recipient, syntax.
  {
    reply: /^5/,
    about: 'mail',
    source: 'RFC 5321 §4.2.1 permanent negative completion; RFC 3463 §3.7, §3.8 X.6, X.7',
  },
  { reply: /^/, about: 'service', source: 'RFC 5321 §4.2.1: no answer that a client may expect here' },
];
