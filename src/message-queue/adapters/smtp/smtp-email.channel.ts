import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type * as Nodemailer from 'nodemailer';
import type { SharedRate } from '../../jobs/flow/rate.js';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import { ChannelSettingsError } from '../../ports/destination-errors.js';
import { EmailChannel, NotificationSendError } from '../../ports/notifications/notification-channel.js';
import type {
  ChannelReceipt,
  FittedDraft,
  NotificationDraft,
  OutgoingNotification,
} from '../../ports/notifications/notification-channel.js';
import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';
import { inRootContext } from '../../../kernel/host/root-context.js';
import { untilAborted } from '../../../kernel/time/until-aborted.js';
import { fittedMail } from './fitted-mail.js';
import { isMailAddress } from './mail-address.js';
import { smtpAnswerOf } from './smtp-answer.js';
import { smtpFailure } from './smtp-failure.js';
import { smtpMail, smtpUtf8Needs } from './smtp-mail.js';
import { resolveSmtpOptions } from './smtp-options.js';
import type { ResolvedSmtpOptions, SmtpOptions } from './smtp-options.js';
import { SmtpUtf8Support } from './smtp-utf8-support.js';

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
 * Each answer of the server is judged by what it is about (`smtp-rules.ts` has them all, each with its source): a mailbox that does not
 * exist is `refused`, 4yz is waited out, what is wrong with our settings is told as such.
 */
@Injectable()
export class SmtpEmailChannel extends EmailChannel implements OnApplicationShutdown {
  override readonly rate?: SharedRate;
  private readonly options: ResolvedSmtpOptions;
  private readonly library: typeof Nodemailer;
  private readonly utf8: SmtpUtf8Support;
  private transport: Transport | null = null;
  /** Whether the server has answered a mail: some connection may be one that stands since then. */
  private hasServed = false;
  private isClosed = false;

  /** Connects with the first mail. @throws InvalidConfigurationError, MissingPackageError */
  constructor(options: SmtpOptions) {
    super();
    this.options = resolveSmtpOptions(options);
    this.rate = this.options.rate;
    this.library = loadOptionalPackage('nodemailer', 'e-mail notifications');
    this.utf8 = new SmtpUtf8Support(connectionOf(this.options));
  }

  /** Refuses a subject that is too long for one line, or cuts it (`overlong`), and a mail that is too big (`maxBytes`). */
  override fit(draft: NotificationDraft): FittedDraft {
    return fittedMail(draft, this.options);
  }

  /**
   * @throws DestinationBusyError, ChannelSettingsError, UnrecoverableJobError, RateLimited, NotificationSendError, and the signal's
   *   reason
   */
  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    signal.throwIfAborted();
    if (!isMailAddress(notification.destination)) {
      return { outcome: 'refused', reason: 'invalid', detail: 'not one plain mail address' };
    }
    const { draft, issues } = this.fit(notification);
    const [issue] = issues;
    if (issue !== undefined) throw new UnrecoverableJobError(`${issue.path}: ${issue.message}`);
    if (this.isClosed)
      throw new NotificationSendError('The mail channel is closed: the application is shutting down.');
    try {
      const refusal = await untilAborted(this.addressRefusal(notification), signal);
      return refusal ?? (await this.mail({ ...notification, title: draft.title }, signal));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ChannelSettingsError) throw error;
      const failure = smtpFailure(error);
      if (failure instanceof Error) throw failure;
      return failure;
    }
  }

  /** Closes the pool after the queues have drained. */
  onApplicationShutdown(): void {
    this.isClosed = true;
    this.transport?.close();
  }

  /** Why an address that is not ASCII gets no mail from this server; null: it can. @throws ChannelSettingsError when that is `from` */
  private async addressRefusal(notification: OutgoingNotification): Promise<ChannelReceipt | null> {
    const needs = smtpUtf8Needs(notification, this.options);
    if ((!needs.recipient && !needs.sender) || (await this.utf8.isThere())) return null;
    if (needs.sender) {
      throw new ChannelSettingsError(
        'The address in `from` or `replyTo` is not ASCII, and the mail server has no SMTPUTF8: take another address or server.',
      );
    }
    return { outcome: 'refused', reason: 'invalid', detail: 'not ASCII, and the server has no SMTPUTF8' };
  }

  private async mail(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    const transport = (this.transport ??= createPool(this.library, this.options));
    const mail = { ...smtpMail(notification, this.options), signal };
    // A nodemailer before 10 takes no AbortSignal: its mail may still go out, but the job does not wait for it.
    // Whoever's mail opens a connection, it serves others later.
    const send = (): Promise<{ readonly messageId: string }> =>
      untilAborted(
        inRootContext(() => transport.sendMail(mail)),
        signal,
      );
    try {
      const { messageId } = await send().catch((error: unknown) => {
        // A connection that had served before was closed from the other side: that says nothing about the server or this mail.
        if (this.hasServed && isUnanswered(error) && !signal.aborted) return send();
        throw error;
      });
      this.hasServed = true;
      return { outcome: 'sent', providerId: messageId };
    } catch (error) {
      this.hasServed ||= smtpAnswerOf(error).reply !== null;
      throw error;
    }
  }
}

/** Whether a connection closed before the mail had any answer. */
function isUnanswered(error: unknown): boolean {
  const { code, command, responseCode } = error as { code?: string; command?: string; responseCode?: number };
  return code === 'ECONNECTION' && command === undefined && responseCode === undefined;
}

function connectionOf(options: ResolvedSmtpOptions) {
  return {
    host: options.host,
    ...(options.port !== undefined && { port: options.port }),
    ...(options.secure !== undefined && { secure: options.secure }),
    requireTLS: options.requireTls,
    ...(options.tls !== undefined && { tls: options.tls }),
    connectionTimeout: options.connectTimeoutMs,
    greetingTimeout: options.connectTimeoutMs,
    socketTimeout: options.socketTimeoutMs,
  };
}

function createPool(nodemailer: typeof Nodemailer, options: ResolvedSmtpOptions) {
  const { user, password } = options;
  return nodemailer.createTransport({
    pool: true,
    ...connectionOf(options),
    ...(user !== undefined && { auth: { user, pass: password } }),
    maxConnections: options.maxConnections,
    maxMessages: options.maxMessagesPerConnection,
    // When to try again is the queue's decision; a mail sent again in here would be a second one.
    maxRequeues: 0,
  });
}
