import { kind, Refusal } from '../../../kernel/values/kind.js';
import { matching, milliseconds, oneOf, secret, wholeNumber } from '../../../kernel/values/kinds.js';
import { defaulted, optional, required, resolveOptions } from '../../../kernel/values/options.js';
import type { FieldsOf, ReadOptions } from '../../../kernel/values/options.js';
import type { SharedRate } from '../../jobs/flow/rate.js';
import { sharedRate } from '../shared/shared-rate.js';

/** The Twilio account, and what SMS are sent from. */
export interface TwilioOptions {
  /** `AC…`. */
  readonly accountSid: string;
  /** Of the account, or the secret of `apiKeySid`. */
  readonly authToken: string;
  /** `SK…`, to sign in with an API key instead of the account. */
  readonly apiKeySid?: string;
  /** A number (E.164), a short code, or an alphanumeric sender of up to 11 characters. Instead of `messagingServiceSid`. */
  readonly from?: string;
  /** `MG…`. Instead of `from`. */
  readonly messagingServiceSid?: string;
  /** Where Twilio reports what becomes of each SMS: `https://…`, which calls `readTwilioReport`. Default: nowhere. */
  readonly statusCallbackUrl?: string;
  /**
   * How many SMS one text may become: 160 characters each in GSM's alphabet (153 where there are several), 70 or 67 in any other. Default: as many as
   * the 1 600 characters that Twilio takes.
   */
  readonly maxSegments?: number;
  /** What becomes of a longer text: it is refused when it is added, or shortened between two characters. Default `refuse`. */
  readonly overlong?: 'refuse' | 'shorten';
  /** Default `https://api.twilio.com`; plain HTTP is taken for loopback only. */
  readonly baseUrl?: string;
  /** To the end of the answer, milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  /** How many SMS the account takes, from `defineRate`. Default: any number. */
  readonly rate?: SharedRate;
}

const SAFE_URL = kind<string>('https://…, or http:// on loopback', (value) =>
  typeof value === 'string' && isSafeUrl(value) ? value : new Refusal(),
);

/** E.164, 3 to 8 digits of a short code, or what Twilio takes as an alphanumeric sender id: at least one letter. */
const SENDER = /^(?:\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 +_&-]{1,11})$/;

const FIELDS = {
  accountSid: required(matching('"AC" and 32 hex digits', /^AC[0-9a-f]{32}$/i)),
  authToken: required(secret(matching('a string without spaces', /^\S+$/))),
  apiKeySid: optional(matching('"SK" and 32 hex digits', /^SK[0-9a-f]{32}$/i)),
  from: optional(
    matching('a number in E.164 form, a short code, or up to 11 of A-Z a-z 0-9 + - _ & and spaces', SENDER),
  ),
  messagingServiceSid: optional(matching('"MG" and 32 hex digits', /^MG[0-9a-f]{32}$/i)),
  statusCallbackUrl: optional(SAFE_URL),
  maxSegments: optional(wholeNumber(1, 100)),
  overlong: defaulted(oneOf('refuse', 'shorten'), 'refuse'),
  baseUrl: defaulted(SAFE_URL, 'https://api.twilio.com'),
  timeoutMs: defaulted(milliseconds(1), 10_000),
  rate: optional(sharedRate()),
} satisfies FieldsOf<TwilioOptions>;

/** Options with every default filled in. */
export type ResolvedTwilioOptions = Readonly<ReadOptions<typeof FIELDS>>;

/** @throws InvalidConfigurationError listing every mistake, never with the token */
export function resolveTwilioOptions(options: TwilioOptions): ResolvedTwilioOptions {
  return resolveOptions('TwilioSmsChannel', options, FIELDS, (issues, { from, messagingServiceSid }) => {
    const isOne = (from === undefined) !== (messagingServiceSid === undefined);
    issues.unless(isOne, 'from', 'give either "from" or "messagingServiceSid"');
  });
}

function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (
    protocol === 'https:' ||
    (protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname))
  );
}
