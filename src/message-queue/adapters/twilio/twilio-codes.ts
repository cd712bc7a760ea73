import type { SuppressionReason } from '../../ports/suppressions/suppression.js';

/**
 * What one of Twilio's error codes is about:
 *
 * - `recipient`: this number, for good.
 * - `region`: what our account may do with this number's country or network. Somebody mends that, and others are reached meanwhile.
 * - `settings`: our account or our sender, whoever the SMS is for.
 * - `pace`: all of ours, for a while.
 * - `message`: this SMS.
 */
export type TwilioMeaning =
  | { readonly about: 'recipient'; readonly reason: Exclude<SuppressionReason, 'gone' | 'manual'> }
  | { readonly about: 'region' | 'settings'; readonly todo: string }
  | { readonly about: 'pace'; readonly waitMs: number }
  | { readonly about: 'message' };

const INVALID: TwilioMeaning = { about: 'recipient', reason: 'invalid' };
const BOUNCED: TwilioMeaning = { about: 'recipient', reason: 'bounced' };
const MESSAGE: TwilioMeaning = { about: 'message' };
const SENDER: TwilioMeaning = {
  about: 'settings',
  todo: 'check "from", and that the account may send SMS from it',
};
const SERVICE: TwilioMeaning = {
  about: 'settings',
  todo: 'check "messagingServiceSid", and that it has senders',
};
const ACCOUNT: TwilioMeaning = {
  about: 'settings',
  todo: 'check the account: its credentials, its state and its balance',
};
const MINUTE_MS = 60_000;

/** By code, each described at https://www.twilio.com/docs/api/errors/<code>. A code that is not here is about this SMS. */
const MEANINGS: Readonly<Record<number, TwilioMeaning>> = {
  // The account.
  10001: ACCOUNT, // not active
  20003: ACCOUNT, // authentication failed
  20005: ACCOUNT, // not active
  20006: ACCOUNT, // access denied
  20008: ACCOUNT, // test credentials
  20404: { about: 'settings', todo: 'check accountSid and baseUrl' }, // no such resource
  30002: ACCOUNT, // suspended
  90010: ACCOUNT, // not active

  // How many, and how fast.
  14107: { about: 'pace', waitMs: MINUTE_MS }, // too many to one number or from a trial account
  20429: { about: 'pace', waitMs: 10_000 }, // too many requests
  21611: { about: 'pace', waitMs: 10 * MINUTE_MS }, // ten hours of SMS are queued for this sender
  30001: { about: 'pace', waitMs: 10 * MINUTE_MS }, // queue overflow of the messaging service
  30022: { about: 'pace', waitMs: MINUTE_MS }, // the campaign's rate
  63038: { about: 'pace', waitMs: 60 * MINUTE_MS }, // the account's messages of 24 hours

  // The number.
  21211: INVALID, // not a valid number
  21214: INVALID, // cannot be reached
  21217: INVALID, // does not appear to be valid
  21265: INVALID, // a short code
  21266: INVALID, // our own sender
  21610: { about: 'recipient', reason: 'opted-out' }, // STOP
  21614: INVALID, // not a mobile number
  21635: INVALID, // a landline
  30005: BOUNCED, // unknown or inactive subscriber
  30006: INVALID, // a landline, or a carrier that is never reached

  // The number's country or network, and what we may send there.
  21408: { about: 'region', todo: 'allow the number’s country in the console (Messaging, Geo permissions)' },
  21608: { about: 'region', todo: 'verify the number, or upgrade the trial account' },
  21219: { about: 'region', todo: 'verify the number, or upgrade the trial account' },
  21612: { about: 'region', todo: 'use a sender that may reach the number’s country and network' },

  // The sender.
  21210: SENDER, // not verified
  21212: SENDER, // not a valid number
  21264: SENDER, // not verified
  21267: SENDER, // alphanumeric, with a trial account
  21401: SENDER, // neither SMS-enabled nor a sender id
  21407: SENDER, // a kind of number without SMS
  21421: SENDER, // not valid
  21601: SENDER, // no incoming number of the account
  21603: SENDER, // missing
  21606: SENDER, // not SMS-capable for this account
  21607: SENDER, // not the trial account's number
  21616: SENDER, // of several accounts
  21659: SENDER, // not Twilio's
  21660: SENDER, // another account's
  21661: SENDER, // not SMS-capable
  30032: SENDER, // a toll-free number that is not verified
  30034: SENDER, // a US number without an A2P campaign
  21701: SERVICE, // no such messaging service
  21703: SERVICE, // without senders
  21704: SERVICE, // with none that can send this
  21705: SERVICE, // not valid
  21609: { about: 'settings', todo: 'check statusCallbackUrl' },

  // This SMS.
  21602: MESSAGE, // no body
  21604: MESSAGE, // no number
  21605: MESSAGE, // too long
  21617: MESSAGE, // more than 1 600 characters
  21618: MESSAGE, // its text cannot be sent
  21619: MESSAGE, // no body
  30007: MESSAGE, // filtered for its content
};

/** What a code is about; null: Twilio's documentation has others, and they are about the SMS. */
export function twilioMeaningOf(code: number): TwilioMeaning | null {
  return Object.hasOwn(MEANINGS, code) ? (MEANINGS[code] ?? null) : null;
}
