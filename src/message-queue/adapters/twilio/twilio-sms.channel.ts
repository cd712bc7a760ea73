import { Injectable } from '@nestjs/common';
import { RateLimited, RetryLater, UnrecoverableJobError } from '../../jobs/errors.js';
import type { SharedRate } from '../../jobs/flow/rate.js';
import { NotificationSendError, SmsChannel } from '../../ports/notifications/notification-channel.js';
import type { ChannelReceipt, OutgoingNotification } from '../../ports/notifications/notification-channel.js';
import { retryAfterMs } from '../shared/retry-after.js';
import { resolveTwilioOptions } from './twilio-options.js';
import type { ResolvedTwilioOptions, TwilioOptions } from './twilio-options.js';

const MAX_CHARACTERS = 1_600;
const MAX_VALIDITY_SECONDS = 36_000;
const MAX_ANSWER_BYTES = 65_536;
const RETRY_MS = 10_000;
const MAX_RETRY_MS = 3_600_000;
const E164 = /^\+[1-9]\d{6,14}$/;

/** What is kept of an answer. */
interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly fields: { readonly sid?: unknown; readonly code?: unknown };
}

/**
 * SMS by Twilio's REST API, with Node's own `fetch`: one POST does not need the 21 MB of the package `twilio`, which takes no
 * AbortSignal either.
 *
 * ```ts
 * adapters: [{ provide: SmsChannel, useFactory: () => new TwilioSmsChannel({ accountSid, authToken, from: '+4915100000' }) }]
 * ```
 *
 * The text is the title, a line break and the message. Twilio has no idempotency keys: an SMS may repeat when the connection or the
 * worker dies after Twilio has accepted it and before its answer arrives.
 */
@Injectable()
export class TwilioSmsChannel extends SmsChannel {
  override readonly rate?: SharedRate;
  private readonly options: ResolvedTwilioOptions;

  /** @throws InvalidConfigurationError */
  constructor(options: TwilioOptions) {
    super();
    this.options = resolveTwilioOptions(options);
    this.rate = this.options.rate;
  }

  /** @throws UnrecoverableJobError, RateLimited, RetryLater, NotificationSendError, and the signal's reason */
  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    signal.throwIfAborted();
    const form = this.formOf(notification);
    return receiptOf(await this.post(form, signal));
  }

  private formOf({ destination, title, body, expiresAt }: OutgoingNotification): URLSearchParams {
    const { from, messagingServiceSid } = this.options;
    if (!E164.test(destination))
      throw new UnrecoverableJobError('The destination is not a phone number in E.164 form.');
    const text = title.trim() === '' ? body : `${title}\n${body}`;
    if (text.length > MAX_CHARACTERS) {
      throw new UnrecoverableJobError(
        `The SMS has ${text.length} characters; Twilio takes ${MAX_CHARACTERS}: shorten it.`,
      );
    }
    const form = new URLSearchParams({ To: destination, Body: text });
    if (from !== undefined) form.set('From', from);
    if (messagingServiceSid !== undefined) form.set('MessagingServiceSid', messagingServiceSid);
    if (expiresAt !== null) {
      const seconds = Math.ceil((expiresAt - Date.now()) / 1_000);
      form.set('ValidityPeriod', String(Math.min(Math.max(seconds, 1), MAX_VALIDITY_SECONDS)));
    }
    return form;
  }

  private async post(form: URLSearchParams, signal: AbortSignal): Promise<Answer> {
    const { baseUrl, accountSid, apiKeySid, authToken, timeoutMs } = this.options;
    const credentials = Buffer.from(`${apiKeySid ?? accountSid}:${authToken}`).toString('base64');
    try {
      const response = await fetch(`${baseUrl}/2010-04-01/Accounts/${accountSid}/Messages.json`, {
        method: 'POST',
        headers: { authorization: `Basic ${credentials}`, accept: 'application/json' },
        body: form,
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      const fields = fieldsOf(await bounded(response));
      return { status: response.status, retryAfter: response.headers.get('retry-after'), fields };
    } catch (error) {
      signal.throwIfAborted();
      throw new NotificationSendError(`Twilio did not answer (${reasonOf(error)}).`);
    }
  }
}

function receiptOf({ status, retryAfter, fields }: Answer): ChannelReceipt {
  if (status >= 200 && status < 300) {
    return {
      outcome: 'sent',
      ...(typeof fields.sid === 'string' && { providerId: fields.sid.slice(0, 64) }),
    };
  }
  // Its code tells enough; its message repeats the number.
  const answer = typeof fields.code === 'number' ? `${status}, error ${fields.code}` : String(status);
  const waitMs = retryAfterMs(retryAfter ?? undefined, Date.now(), MAX_RETRY_MS);
  if (status === 429) throw new RateLimited(waitMs ?? RETRY_MS, `Twilio answered ${answer}.`);
  if (status >= 500 && waitMs !== null) throw new RetryLater(waitMs, `Twilio answered ${answer}.`);
  if (status >= 500 || status === 408) throw new NotificationSendError(`Twilio answered ${answer}.`);
  // No SMS is at fault: this counts against the circuit breaker, and they wait until the settings are right.
  if (status === 401 || status === 403) {
    throw new NotificationSendError(`Twilio answered ${answer}: check accountSid and authToken.`);
  }
  throw new UnrecoverableJobError(`Twilio answered ${answer}: it will never take this SMS.`);
}

/** The body, up to the cap or to where it broke off: the status has said already whether Twilio took the SMS. */
async function bounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    // Leaving the loop cancels the rest.
    for await (const chunk of response.body ?? []) {
      const part = chunk as Uint8Array;
      bytes += part.byteLength;
      if (bytes > MAX_ANSWER_BYTES) break;
      chunks.push(part);
    }
  } catch {
    // A second SMS would be worse than an unknown id.
  }
  return Buffer.concat(chunks).toString('utf8');
}

function fieldsOf(text: string): Answer['fields'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Code or name of what went wrong; `fetch` puts the socket's error into `cause`. */
function reasonOf(error: unknown): string {
  const { cause, name } = (error ?? {}) as {
    readonly cause?: { readonly code?: unknown };
    readonly name?: unknown;
  };
  if (typeof cause?.code === 'string') return cause.code;
  return typeof name === 'string' ? name : 'unknown';
}
