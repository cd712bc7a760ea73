import { generateKeyPairSync } from 'node:crypto';
import { ProviderToken } from './provider-token.js';

const MINUTE_MS = 60_000;
const { privateKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

function setUp() {
  const clock = { now: Date.UTC(2026, 2, 14, 12) };
  const token = new ProviderToken({ teamId: 'TEAM000001', keyId: 'KEY0000001', privateKey }, () => clock.now);
  return { clock, token };
}

describe('the provider token', () => {
  it('is the same one for 40 minutes: Apple takes it for 20 to 60', async () => {
    const { clock, token } = setUp();
    const first = await token.current();
    clock.now += 40 * MINUTE_MS - 1;
    expect(await token.current()).toBe(first);
    clock.now += 1;
    const second = await token.current();
    expect(second).not.toBe(first);
    const claims = JSON.parse(Buffer.from(second.split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(claims).toEqual({ iss: 'TEAM000001', iat: clock.now / 1_000 });
  });

  it('is made again when the clock is set back', async () => {
    const { clock, token } = setUp();
    const first = await token.current();
    clock.now -= 1_000;
    expect(await token.current()).not.toBe(first);
  });

  it('is replaced before its time once within 20 minutes, however many find that it has expired', async () => {
    const { clock, token } = setUp();
    const first = await token.current();
    expect(await Promise.all([token.replace(first), token.replace(first)])).toEqual([true, true]);
    const second = await token.current();
    expect(await token.replace(first)).toBe(true);
    expect(await token.replace(second)).toBe(false);
    expect(await token.current()).toBe(second);
    clock.now += 20 * MINUTE_MS;
    expect(await token.replace(second)).toBe(true);
  });
});
