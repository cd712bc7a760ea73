import { RateLimited, RetryLater, UnrecoverableJobError } from '../../jobs/errors.js';
import { ChannelSettingsError, DestinationBusyError } from '../../ports/destination-errors.js';
import { NotificationSendError } from '../../ports/notifications/notification-channel.js';
import type { ChannelReceipt } from '../../ports/notifications/notification-channel.js';
import { retryAfterMs } from '../shared/retry-after.js';
import { twilioMeaningOf } from './twilio-codes.js';

const RETRY_MS = 10_000;
const MAX_RETRY_MS = 3_600_000;

/** What is kept of an answer. */
export interface TwilioAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly fields: { readonly sid?: unknown; readonly code?: unknown };
}

/**
 * What Twilio's answer means for the SMS.
 * @throws RateLimited, RetryLater, NotificationSendError, ChannelSettingsError, DestinationBusyError, UnrecoverableJobError
 */
export function receiptOf({ status, retryAfter, fields }: TwilioAnswer): ChannelReceipt {
  if (status >= 200 && status < 300) {
    return {
      outcome: 'sent',
      ...(typeof fields.sid === 'string' && { providerId: fields.sid.slice(0, 64) }),
    };
  }
  // Its code tells enough; its message repeats the number.
  const code = typeof fields.code === 'number' ? fields.code : null;
  const answer = `Twilio answered ${status}${code === null ? '' : `, error ${code}`}`;
  const waitMs = retryAfterMs(retryAfter, Date.now(), MAX_RETRY_MS);
  const meaning = code === null ? null : twilioMeaningOf(code);
  if (status === 429 || meaning?.about === 'pace') {
    throw new RateLimited(waitMs ?? (meaning?.about === 'pace' ? meaning.waitMs : RETRY_MS), `${answer}.`);
  }
  if (status >= 500 && waitMs !== null) throw new RetryLater(waitMs, `${answer}.`);
  if (status >= 500 || status === 408) throw new NotificationSendError(`${answer}.`);
  switch (meaning?.about) {
    case 'recipient':
      return { outcome: 'refused', reason: meaning.reason, detail: `Twilio ${code}` };
    case 'region':
      throw new DestinationBusyError(`${answer}: ${meaning.todo}.`);
    case 'settings':
      throw new ChannelSettingsError(`${answer}: ${meaning.todo}.`);
    case 'message':
    case undefined:
      return unnamed(status, answer);
  }
}

/** By the status alone: nothing but what says 400 is about this SMS. */
function unnamed(status: number, answer: string): never {
  if ([401, 402, 403].includes(status)) {
    throw new ChannelSettingsError(`${answer}: check accountSid, authToken and the account itself.`);
  }
  if (status < 400 || status === 404 || status === 405) {
    throw new ChannelSettingsError(`${answer}: check accountSid and baseUrl.`);
  }
  throw new UnrecoverableJobError(`${answer}: it will never take this SMS.`);
}
