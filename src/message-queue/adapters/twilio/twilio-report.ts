import { isRecord } from '../../../kernel/values/kinds.js';
import type { DeliveryReport } from '../../ports/notifications/delivery-report.js';
import { twilioMeaningOf } from './twilio-codes.js';
import { verifyTwilioRequest } from './twilio-signature.js';
import type { TwilioRequest } from './twilio-signature.js';

/** What {@link readTwilioReport} needs to know. */
export interface TwilioReportOptions {
  /** Of the account, also where SMS are sent with an API key; several while it is changed. */
  readonly authToken: string | readonly string[];
  /** Whether the messaging service has Advanced Opt-Out: its own keywords decide then, and Twilio says so. Default false: Twilio's. */
  readonly advancedOptOut?: boolean;
  /** Milliseconds since the epoch: Twilio does not say when it happened. Default: now. */
  readonly now?: number;
}

/** What Twilio itself blocks and unblocks a number for, as the whole text of an SMS in any case. */
const STOP = new Set(['stop', 'stopall', 'unsubscribe', 'cancel', 'end', 'quit', 'optout', 'revoke']);
const START = new Set(['start', 'yes', 'unstop']);
const E164 = /^\+[1-9]\d{6,14}$/;

/**
 * Reads what Twilio sends to `statusCallbackUrl`, and an incoming SMS that opts out (STOP) or in again (START), once its signature is verified.
 * @returns what `DeliveryReports.record` takes; null where nothing is to be noted: an SMS that is on its way, any other incoming SMS
 * @throws TwilioSignatureError when it is not from Twilio; InvalidConfigurationError when a token cannot be used
 */
export function readTwilioReport(
  request: TwilioRequest,
  options: TwilioReportOptions,
): DeliveryReport | null {
  const fields = verifyTwilioRequest(request, options.authToken);
  const at = new Date(options.now ?? Date.now());
  const text = (name: string): string => {
    const value = isRecord(fields) ? fields[name] : undefined;
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const status = text('MessageStatus') || text('SmsStatus');
  if (status === 'received' || status === 'receiving' || text('OptOutType') !== '') {
    return wishOf(text, options.advancedOptOut === true, at);
  }
  return statusOf(status.toLowerCase(), text, at);
}

function statusOf(status: string, text: (name: string) => string, at: Date): DeliveryReport | null {
  const isDelivered = status === 'delivered' || status === 'read';
  if (!isDelivered && !['failed', 'undelivered', 'canceled'].includes(status)) return null;
  const providerId = text('MessageSid') || text('SmsSid') || null;
  const destination = E164.test(text('To')) ? text('To') : null;
  const about = { channel: 'sms', providerId, destination, at } as const;
  if (isDelivered) return { ...about, outcome: 'delivered', permanent: false, detail: null };
  const code = /^\d{1,6}$/.test(text('ErrorCode')) ? Number(text('ErrorCode')) : null;
  const meaning = code === null ? null : twilioMeaningOf(code);
  const detail = code === null ? `Twilio ${status}` : `Twilio ${code}`;
  if (meaning?.about !== 'recipient') return { ...about, outcome: 'failed', permanent: false, detail };
  const outcome = (
    { 'opted-out': 'opted-out', bounced: 'bounced', complained: 'complained', invalid: 'failed' } as const
  )[meaning.reason];
  return { ...about, outcome, permanent: true, detail };
}

function wishOf(text: (name: string) => string, isAdvanced: boolean, at: Date): DeliveryReport | null {
  const word = text('OptOutType') || (isAdvanced ? '' : text('Body'));
  const keyword = word.trim().toLowerCase();
  const outcome = STOP.has(keyword) ? 'opted-out' : START.has(keyword) ? 'opted-in' : null;
  const destination = text('From');
  if (outcome === null || !E164.test(destination)) return null;
  const detail = outcome === 'opted-out' ? 'Twilio STOP' : 'Twilio START';
  return { channel: 'sms', providerId: null, destination, outcome, permanent: true, detail, at };
}
