import { kind, Refusal } from '../../../kernel/values/kind.js';
import { matching, milliseconds, secret, text } from '../../../kernel/values/kinds.js';
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
  /** A number (E.164) or an alphanumeric sender. Instead of `messagingServiceSid`. */
  readonly from?: string;
  /** `MG…`. Instead of `from`. */
  readonly messagingServiceSid?: string;
  /** Default `https://api.twilio.com`; plain HTTP is taken for loopback only. */
  readonly baseUrl?: string;
  /** To the end of the answer, milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  /** How many SMS the account takes, from `defineRate`. Default: any number. */
  readonly rate?: SharedRate;
}

const BASE_URL = kind<string>('https://…, or http:// on loopback', (value) =>
  typeof value === 'string' && isSafeUrl(value) ? value.replace(/\/+$/, '') : new Refusal(),
);

const FIELDS = {
  accountSid: required(matching('"AC" and 32 hex digits', /^AC[0-9a-f]{32}$/i)),
  authToken: required(secret(matching('a string without spaces', /^\S+$/))),
  apiKeySid: optional(matching('"SK" and 32 hex digits', /^SK[0-9a-f]{32}$/i)),
  from: optional(text()),
  messagingServiceSid: optional(text()),
  baseUrl: defaulted(BASE_URL, 'https://api.twilio.com'),
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
