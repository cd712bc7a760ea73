import { IssuesError } from '../../../kernel/errors.js';
import { ID_RULE, isId } from '../../../kernel/values/id.js';
import { Issues } from '../../../kernel/values/issues.js';
import { oneOf } from '../../../kernel/values/kinds.js';
import type { DeviceToken } from './device-token-store.js';
import { readSubscription } from './web-push-subscription.js';

/** A device cannot be registered as it is: no push could reach it. Lists every field, and quotes no token. */
export class InvalidDeviceError extends IssuesError {
  readonly code = 'INVALID_DEVICE';
}

const PLATFORM = oneOf('web', 'fcm', 'apns');
const LONGEST_TOKEN = 2_048;
const LONGEST_SUBSCRIPTION = 8_192;
/** Tokens of both services are letters, digits and a few signs. */
const TOKEN = /^[^\s\p{C}]+$/u;

/**
 * Checks a device before it is stored. Every DeviceTokenStore calls it first.
 *
 * Ids: 1 to 128 characters without spaces and control characters. Token: of `fcm` and `apns` 1 to 2 048 bytes without them, of `web` the
 * JSON of a browser's subscription, at most 8 192 characters.
 * @returns what makes tokens of one platform the same: a browser's endpoint whatever else its JSON says, the hexadecimal digits of an
 * APNs token in lower case, else the token. At most 2 048 bytes
 * @throws InvalidDeviceError
 */
export function checkDevice(device: DeviceToken): string {
  const issues = new Issues();
  const { deviceId, recipientId, platform, token } = device;
  issues.unless(isId(deviceId), 'deviceId', `must be an id ${ID_RULE}`);
  issues.unless(isId(recipientId), 'recipientId', `must be an id ${ID_RULE}`);
  issues.check('platform', platform, PLATFORM);
  const key = platform === 'web' ? endpointOf(token) : plainToken(token);
  issues.unless(key !== null, 'token', tokenRule(platform));
  issues.throwIfAny(InvalidDeviceError, 'The device cannot be registered:');
  if (key === null) throw new InvalidDeviceError('The device cannot be registered:', issues.list);
  return platform === 'apns' && /^[0-9a-f]+$/i.test(key) ? key.toLowerCase() : key;
}

function tokenRule(platform: unknown): string {
  return platform === 'web'
    ? 'must be JSON.stringify(subscription) of the browser, with an "endpoint" of https and the keys "p256dh" and "auth"'
    : `must be a string of 1 to ${LONGEST_TOKEN} bytes without spaces and control characters`;
}

function plainToken(token: unknown): string | null {
  if (typeof token !== 'string' || Buffer.byteLength(token) > LONGEST_TOKEN) return null;
  return TOKEN.test(token) ? token : null;
}

function endpointOf(token: unknown): string | null {
  if (typeof token !== 'string' || token.length > LONGEST_SUBSCRIPTION) return null;
  // PostgreSQL stores no NUL, and a lone surrogate does not survive UTF-8.
  if (/[\0\p{Cs}]/u.test(token)) return null;
  const endpoint = readSubscription(token)?.endpoint;
  return endpoint !== undefined && /^https:\/\/[^@/]+\//.test(endpoint) ? endpoint : null;
}
