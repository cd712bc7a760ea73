import { Agent } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { SharedRate } from '../../jobs/flow/rate.js';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import { NotificationSendError, SmsChannel } from '../../ports/notifications/notification-channel.js';
import type {
  ChannelReceipt,
  FittedDraft,
  NotificationDraft,
  OutgoingNotification,
} from '../../ports/notifications/notification-channel.js';
import { KeepingAgent } from '../shared/keeping-agent.js';
import { postOnce } from '../shared/post-once.js';
import { fittedSms, smsTextOf } from './fitted-sms.js';
import { receiptOf } from './twilio-answer.js';
import type { TwilioAnswer } from './twilio-answer.js';
import { resolveTwilioOptions } from './twilio-options.js';
import type { ResolvedTwilioOptions, TwilioOptions } from './twilio-options.js';

const MAX_VALIDITY_SECONDS = 36_000;
const MAX_ANSWER_BYTES = 65_536;
const E164 = /^\+[1-9]\d{6,14}$/;

/**
 * SMS by Twilio's REST API: one POST does not need the 21 MB of the package `twilio`, which takes no AbortSignal either.
 *
 * ```ts
 * adapters: [{ provide: SmsChannel, useFactory: () => new TwilioSmsChannel({ accountSid, authToken, from: '+4915100000' }) }]
 * ```
 *
 * The text is the title, a line break and the message. Twilio has no idempotency keys: an SMS may repeat when the connection or the
 * worker dies after Twilio has accepted it and before its status arrives. What becomes of it later comes by {@link readTwilioReport}.
 */
@Injectable()
export class TwilioSmsChannel extends SmsChannel {
  override readonly rate?: SharedRate;
  private readonly options: ResolvedTwilioOptions;
  private readonly agent: Agent;

  /** @throws InvalidConfigurationError */
  constructor(options: TwilioOptions) {
    super();
    this.options = resolveTwilioOptions(options);
    this.rate = this.options.rate;
    const kept = { keepAlive: true, maxSockets: 50, timeout: 60_000 };
    this.agent = this.options.baseUrl.startsWith('https:') ? new KeepingAgent(kept) : new Agent();
  }

  /** Title and message together: at most 1 600 characters, and `maxSegments`; not blank. */
  override fit(draft: NotificationDraft): FittedDraft {
    return fittedSms(draft, this.options);
  }

  /**
   * @throws UnrecoverableJobError, ChannelSettingsError, DestinationBusyError, RateLimited, RetryLater, NotificationSendError, and the
   * signal's reason
   */
  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    signal.throwIfAborted();
    if (!E164.test(notification.destination)) {
      return { outcome: 'refused', reason: 'invalid', detail: 'not a phone number in E.164 form' };
    }
    return receiptOf(await this.post(this.formOf(notification), signal));
  }

  private formOf(notification: OutgoingNotification): URLSearchParams {
    const { from, messagingServiceSid, statusCallbackUrl } = this.options;
    const { draft, issues } = this.fit(notification);
    if (issues.length > 0) {
      throw new UnrecoverableJobError(issues.map(({ path, message }) => `${path}: ${message}`).join('; '));
    }
    const form = new URLSearchParams({ To: notification.destination, Body: smsTextOf(draft) });
    if (from !== undefined) form.set('From', from);
    if (messagingServiceSid !== undefined) form.set('MessagingServiceSid', messagingServiceSid);
    if (statusCallbackUrl !== undefined) form.set('StatusCallback', statusCallbackUrl);
    if (notification.expiresAt !== null) {
      const seconds = Math.ceil((notification.expiresAt - Date.now()) / 1_000);
      form.set('ValidityPeriod', String(Math.min(Math.max(seconds, 1), MAX_VALIDITY_SECONDS)));
    }
    return form;
  }

  private async post(form: URLSearchParams, signal: AbortSignal): Promise<TwilioAnswer> {
    const { baseUrl, accountSid, apiKeySid, authToken, timeoutMs } = this.options;
    const credentials = Buffer.from(`${apiKeySid ?? accountSid}:${authToken}`).toString('base64');
    try {
      const { status, headers, body } = await postOnce({
        url: new URL(`${baseUrl.replace(/\/+$/, '')}/2010-04-01/Accounts/${accountSid}/Messages.json`),
        headers: {
          authorization: `Basic ${credentials}`,
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
        },
        body: form.toString(),
        agent: this.agent,
        maxBodyBytes: MAX_ANSWER_BYTES,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      return { status, retryAfter: headers['retry-after'], fields: fieldsOf(body.toString('utf8')) };
    } catch (error) {
      signal.throwIfAborted();
      throw new NotificationSendError(`Twilio did not answer (${reasonOf(error)}).`);
    }
  }
}

function fieldsOf(text: string): TwilioAnswer['fields'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Code or name of what went wrong. */
function reasonOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : 'unknown';
}
