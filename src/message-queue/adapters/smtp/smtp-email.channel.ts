import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type * as Nodemailer from 'nodemailer';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import type { SharedRate } from '../../jobs/flow/rate.js';
import { EmailChannel, NotificationSendError } from '../../ports/notifications/notification-channel.js';
import type { ChannelReceipt, OutgoingNotification } from '../../ports/notifications/notification-channel.js';
import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';
import { inRootContext } from '../../../kernel/host/root-context.js';
import { untilAborted } from '../../../kernel/time/until-aborted.js';
import { smtpFailure } from './smtp-failure.js';
import { isMailAddress, resolveSmtpOptions } from './smtp-options.js';
import type { ResolvedSmtpOptions, SmtpOptions } from './smtp-options.js';

type MailOptions = Parameters<Transport['sendMail']>[0];
type Transport = ReturnType<typeof createPool>;

/**
 * Mails over SMTP, on a pool of connections (package `nodemailer`).
 *
 * ```ts
 * adapters: [{ provide: EmailChannel, useFactory: () => new SmtpEmailChannel({ url, from: 'chat@example.org' }) }]
 * ```
 *
 * Every repeat of a notification has the same Message-ID, so that servers and clients that drop duplicates see one mail. A mail may
 * repeat when the connection or the worker dies between the server accepting it and its answer reaching us.
 *
 * 5xx about the mail → UnrecoverableJobError; 4xx, refused sign-in and network → NotificationSendError, another attempt.
 */
@Injectable()
export class SmtpEmailChannel extends EmailChannel implements OnApplicationShutdown {
  override readonly rate?: SharedRate;
  private readonly options: ResolvedSmtpOptions;
  private readonly library: typeof Nodemailer;
  private transport: Transport | null = null;
  private isClosed = false;

  /** Connects with the first mail. @throws InvalidConfigurationError, MissingPackageError */
  constructor(options: SmtpOptions) {
    super();
    this.options = resolveSmtpOptions(options);
    this.rate = this.options.rate;
    this.library = loadOptionalPackage('nodemailer', 'e-mail notifications');
  }

  /** @throws UnrecoverableJobError, NotificationSendError, and the signal's reason */
  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    signal.throwIfAborted();
    if (!isMailAddress(notification.destination)) {
      throw new UnrecoverableJobError('The destination is not one plain mail address.');
    }
    if (this.isClosed)
      throw new NotificationSendError('The mail channel is closed: the application is shutting down.');
    const transport = (this.transport ??= createPool(this.library, this.options));
    const mail = { ...mailOf(notification, this.options), signal };
    try {
      // A nodemailer before 10 takes no AbortSignal: its mail may still go out, but the job does not wait for it.
      // Whoever's mail opens a connection, it serves others later.
      const { messageId } = await untilAborted(
        inRootContext(() => transport.sendMail(mail)),
        signal,
      );
      return { outcome: 'sent', providerId: messageId };
    } catch (error) {
      signal.throwIfAborted();
      throw smtpFailure(error);
    }
  }

  /** Closes the pool after the queues have drained. */
  onApplicationShutdown(): void {
    this.isClosed = true;
    this.transport?.close();
  }
}

/** Header and text of a mail; nothing in it can add a header, a recipient or a file. */
function mailOf(notification: OutgoingNotification, options: ResolvedSmtpOptions): MailOptions {
  const { notificationId, destination, title, body, html, urgent } = notification;
  const { from, fromName, replyTo } = options;
  const domain = from.slice(from.lastIndexOf('@') + 1);
  // Ids are the host's words and may hold anything a header must not.
  const digest = createHash('sha256').update(notificationId).digest('hex').slice(0, 40);
  return {
    from: { name: fromName ?? '', address: from },
    to: { name: '', address: destination },
    ...(replyTo !== undefined && { replyTo: { name: '', address: replyTo } }),
    subject: title.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim(),
    text: body,
    ...(html !== undefined && { html }),
    messageId: `<${digest}@${domain}>`,
    ...(urgent && { priority: 'high' as const }),
    // Keeps out-of-office replies away (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function createPool(nodemailer: typeof Nodemailer, options: ResolvedSmtpOptions) {
  const { user, password } = options;
  return nodemailer.createTransport({
    pool: true,
    ...(options.url !== undefined && { url: options.url }),
    ...(options.host !== undefined && { host: options.host }),
    ...(options.port !== undefined && { port: options.port }),
    ...(options.secure !== undefined && { secure: options.secure }),
    ...(options.requireTls !== undefined && { requireTLS: options.requireTls }),
    ...(user !== undefined && { auth: { user, pass: password } }),
    ...(options.tls !== undefined && { tls: options.tls }),
    maxConnections: options.maxConnections,
    maxMessages: options.maxMessagesPerConnection,
    // When to try again is the queue's decision; a mail sent again in here would be a second one.
    maxRequeues: 0,
    connectionTimeout: options.connectTimeoutMs,
    greetingTimeout: options.connectTimeoutMs,
    socketTimeout: options.socketTimeoutMs,
  });
}
