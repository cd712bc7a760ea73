import { createHash } from 'node:crypto';
import type { SendMailOptions } from 'nodemailer';
import type { OutgoingNotification } from '../../ports/notifications/notification-channel.js';
import { domainOf, needsSmtpUtf8, withAsciiDomain } from './mail-address.js';
import type { ResolvedSmtpOptions } from './smtp-options.js';

/** Bytes in one encoded word: with what is around them it has 75 characters at most (RFC 2047 §2). */
const WORD_BYTES = 45;

/** Header and text of a mail; nothing in it can add a header, a recipient or a file. */
export function smtpMail(notification: OutgoingNotification, options: ResolvedSmtpOptions): SendMailOptions {
  const { notificationId, destination, title, body, html, urgent } = notification;
  const { from, fromName, replyTo } = options;
  // Ids are the host's words and may hold anything a header must not.
  const digest = createHash('sha256').update(notificationId).digest('hex').slice(0, 40);
  return {
    from: { name: fromName ?? '', address: withAsciiDomain(from) },
    to: { name: '', address: withAsciiDomain(destination) },
    ...(replyTo !== undefined && { replyTo: { name: '', address: withAsciiDomain(replyTo) } }),
    text: withoutNul(body),
    ...(html !== undefined && { html: withoutNul(html) }),
    messageId: `<${digest}@${domainOf(from)}>`,
    ...(urgent && { priority: 'high' as const }),
    ...subjectOf(title),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** The addresses of a mail that only a server with SMTPUTF8 takes. */
export function smtpUtf8Needs(
  { destination }: Pick<OutgoingNotification, 'destination'>,
  { from, replyTo = from }: Pick<ResolvedSmtpOptions, 'from' | 'replyTo'>,
): { readonly recipient: boolean; readonly sender: boolean } {
  return { recipient: needsSmtpUtf8(destination), sender: needsSmtpUtf8(from) || needsSmtpUtf8(replyTo) };
}

function subjectOf(title: string): Pick<SendMailOptions, 'subject' | 'headers'> {
  // Keeps out-of-office replies away (RFC 3834).
  const headers = { 'Auto-Submitted': 'auto-generated' };
  const subject = title.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  if (!subject.includes('=?')) return { subject, headers };
  // What looks like an encoded word would be decoded by whoever reads it: it is encoded itself.
  return { headers: { ...headers, Subject: { prepared: true, value: encodedWords(subject) } } };
}

function encodedWords(text: string): string {
  const words: string[] = [];
  let word = '';
  for (const character of text) {
    if (Buffer.byteLength(word + character) > WORD_BYTES) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  return [...words, word].map((part) => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`).join('\r\n ');
}

/** RFC 5322 has no NUL in a mail, and servers refuse one that has. */
function withoutNul(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD');
}
