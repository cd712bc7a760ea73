import { createHmac } from 'node:crypto';
import { InvalidConfigurationError } from '../../../../kernel/errors.js';
import { signWebhook, verifyWebhook, WebhookHeader, WebhookSignatureError } from './webhook-signature.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SENT_AT = 1_614_265_330;
const BODY = '{"test": 2432232314}';
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';

function headers(over: Record<string, string | undefined> = {}) {
  return {
    [WebhookHeader.ID]: ID,
    [WebhookHeader.TIMESTAMP]: String(SENT_AT),
    [WebhookHeader.SIGNATURE]: signWebhook(SECRET, ID, SENT_AT, BODY),
    ...over,
  };
}

describe('webhook signatures', () => {
  const now = SENT_AT * 1_000;

  it('are those of the Standard Webhooks test vector', () => {
    expect(signWebhook(SECRET, ID, SENT_AT, BODY)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('verify, and give the id', () => {
    expect(verifyWebhook({ headers: headers(), body: BODY }, SECRET, { now })).toBe(ID);
    expect(verifyWebhook({ headers: headers(), body: Buffer.from(BODY) }, SECRET, { now })).toBe(ID);
  });

  it('verify when one of several secrets or signatures fits', () => {
    const two = `v1,AAAA v2,zzzz ${signWebhook(SECRET, ID, SENT_AT, BODY)}`;
    const signed = { headers: headers({ [WebhookHeader.SIGNATURE]: two }), body: BODY };
    expect(verifyWebhook(signed, ['an older secret of mine', SECRET], { now })).toBe(ID);
  });

  it.each([
    ['another body', headers(), `${BODY} `, now],
    ['another id', headers({ [WebhookHeader.ID]: 'msg_other' }), BODY, now],
    ['another time', headers({ [WebhookHeader.TIMESTAMP]: String(SENT_AT + 1) }), BODY, now],
    ['an old one', headers(), BODY, now + 300_001],
    ['one from the future', headers(), BODY, now - 300_001],
    ['no time', headers({ [WebhookHeader.TIMESTAMP]: 'now' }), BODY, now],
    ['no signature', headers({ [WebhookHeader.SIGNATURE]: undefined }), BODY, now],
    ['an empty signature', headers({ [WebhookHeader.SIGNATURE]: 'v1,' }), BODY, now],
    ['an unknown version', headers({ [WebhookHeader.SIGNATURE]: 'v2,AAAA' }), BODY, now],
  ])('refuse %s', (_, given, body, at) => {
    expect(() => verifyWebhook({ headers: given, body }, SECRET, { now: at })).toThrow(WebhookSignatureError);
  });

  it('refuse another secret', () => {
    const signed = { headers: headers(), body: BODY };
    expect(() => verifyWebhook(signed, 'not the secret at all', { now })).toThrow(WebhookSignatureError);
  });

  /** As somebody signs who knows nothing but that the secret is weak. */
  const forgedWith = (key: string | Buffer): ReturnType<typeof headers> => {
    const mac = createHmac('sha256', key).update(`${ID}.${SENT_AT}.${BODY}`).digest('base64');
    return headers({ [WebhookHeader.SIGNATURE]: `v1,${mac}` });
  };

  it.each<[what: string, secret: unknown, key: string | Buffer]>([
    ['empty', '', ''],
    ['empty behind its prefix', 'whsec_', ''],
    ['not base64 behind its prefix', 'whsec_!!!!!!!!!!!!!!!!!!!!!!!!', ''],
    ['15 bytes long', 'fifteen bytes!!', 'fifteen bytes!!'],
    ['one character repeated', ' '.repeat(40), ' '.repeat(40)],
    ['zeros', `whsec_${Buffer.alloc(32).toString('base64')}`, Buffer.alloc(32)],
    ['missing', undefined, ''],
    ['none of a list', [], ''],
    ['the empty one of a list', [SECRET, ''], ''],
  ])('refuse to be forged where the secret is %s, and say what to set', (_what, secret, key) => {
    const forged = { headers: forgedWith(key), body: BODY };
    const verify = (): string => verifyWebhook(forged, secret as string, { now });
    expect(verify).toThrow(InvalidConfigurationError);
    expect(verify).toThrow(/secret: .*at least 16 bytes.*openssl rand/);
  });

  it.each([
    ['toleranceMs', { toleranceMs: Number.NaN }],
    ['toleranceMs', { toleranceMs: Number.POSITIVE_INFINITY }],
    ['toleranceMs', { toleranceMs: -1 }],
    ['now', { now: Number.NaN }],
  ])('refuse a setting that would let every old request in: %s of %j', (path, options) => {
    const old = { headers: headers(), body: BODY };
    const verify = (): string => verifyWebhook(old, SECRET, { now, ...options });
    expect(verify).toThrow(InvalidConfigurationError);
    expect(verify).toThrow(`${path}: must be a number of milliseconds from 0, got`);
  });

  it('are not made with a secret that anybody can guess, and show none', () => {
    expect(() => signWebhook('', ID, SENT_AT, BODY)).toThrow(InvalidConfigurationError);
    expect(() => signWebhook('hunter2', ID, SENT_AT, BODY)).toThrow(/^((?!hunter2).)*$/s);
  });
});
