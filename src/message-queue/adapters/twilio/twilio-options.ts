import { InvalidConfigurationError } from '../../../kernel/errors.js';
import type { Issue } from '../../../kernel/errors.js';

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
}

/** Options with every default filled in. */
export type ResolvedTwilioOptions = TwilioOptions & Required<Pick<TwilioOptions, 'baseUrl' | 'timeoutMs'>>;

/** @throws InvalidConfigurationError listing every mistake, never with the token */
export function resolveTwilioOptions(options: TwilioOptions): ResolvedTwilioOptions {
  const { baseUrl = 'https://api.twilio.com', timeoutMs = 10_000 } = options;
  const resolved = { ...options, baseUrl: baseUrl.replace(/\/+$/, ''), timeoutMs };
  const issues: Issue[] = [];
  const check = (path: keyof TwilioOptions, isFine: boolean, message: string): void => {
    if (!isFine) issues.push({ path, message });
  };
  const { accountSid, authToken, apiKeySid, from, messagingServiceSid } = resolved;
  check('accountSid', /^AC[0-9a-f]{32}$/i.test(accountSid), 'is not AC and 32 hex digits');
  check('authToken', typeof authToken === 'string' && /^\S+$/.test(authToken), 'is missing or has spaces');
  check(
    'apiKeySid',
    apiKeySid === undefined || /^SK[0-9a-f]{32}$/i.test(apiKeySid),
    'is not SK and 32 hex digits',
  );
  check(
    'from',
    (from === undefined) !== (messagingServiceSid === undefined),
    'give either "from" or "messagingServiceSid"',
  );
  check('baseUrl', isSafeUrl(baseUrl), 'is neither https://… nor http:// on loopback');
  check('timeoutMs', Number.isInteger(timeoutMs) && timeoutMs > 0, 'is no whole number from 1');
  if (issues.length > 0)
    throw new InvalidConfigurationError('The options of TwilioSmsChannel are wrong:', issues);
  return Object.freeze(resolved);
}

function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (
    protocol === 'https:' ||
    (protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname))
  );
}
