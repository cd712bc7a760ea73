import fc from 'fast-check';
import { redisStage } from '../../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../../test/support/wait-until.js';
import { closeBucket, grant, lookAtBucket } from '../../../../jobs/flow/rate-bucket.js';
import type { Bucket } from '../../../../jobs/flow/rate-bucket.js';
import type { RateLimit } from '../../../../jobs/flow/rate.js';
import { rateFunctions } from './rates.lua.js';

const rates = fc.record({
  limit: fc.integer({ min: 1, max: 1_000_000 }),
  perMs: fc.integer({ min: 1, max: 86_400_000 }),
  burst: fc.integer({ min: 1, max: 1_000 }),
});

/** ARGV: what is stored · now (µs) · limit · perMs · burst. */
const LOOK = `${rateFunctions}
local rate = { limit = tonumber(ARGV[3]), perMs = tonumber(ARGV[4]), burst = tonumber(ARGV[5]) }
local next, free, isClosed = lookAtRate(ARGV[1], tonumber(ARGV[2]), rate)
return { string.format('%.0f', next), free, isClosed and 1 or 0 }`;

const RATE = `${rateFunctions}
local rate = { limit = tonumber(ARGV[2]), perMs = tonumber(ARGV[3]), burst = tonumber(ARGV[4]) }`;
/** ARGV: how many · limit · perMs · burst. Asked for one by one, as jobs of a call are. */
const GRANT = `${RATE}
local granted = 0
for i = 1, tonumber(ARGV[1]) do
  local bucket = bucketOf(KEYS[1], rate, 0)
  if bucket.free > 0 then
    spendRate(bucket, 1)
    granted = granted + 1
  else
    wantRate(bucket)
  end
end
storeRates()
return granted`;
/** ARGV: for how long (ms) · limit · perMs · burst. */
const CLOSE = `${RATE}
closeRate(KEYS[1], tonumber(ARGV[1]), rate, 0)`;

const argumentsOf = ({ limit, perMs, burst = 1 }: RateLimit): [number, number, number] => [
  limit,
  perMs,
  burst,
];

describe('rates in Redis', () => {
  const stage = redisStage();

  const ask = (key: string, count: number, rate: RateLimit): Promise<unknown> =>
    stage.client.eval(GRANT, 1, key, count, ...argumentsOf(rate));
  /** Microseconds by the server's clock. */
  const now = async (): Promise<number> => {
    const [seconds, micros] = await stage.client.time();
    return Number(seconds) * 1_000_000 + Number(micros);
  };

  it('count as the memory provider does', async () => {
    const at = 1_900_000_000_123_456;
    const stored = fc.oneof(
      fc.constant(undefined),
      fc.integer({ min: -5_000_000, max: 5_000_000 }).map((offset) => at + offset),
      fc.integer({ min: -5_000_000, max: 5_000_000 }).map((offset) => -(at + offset)),
    );
    await fc.assert(
      fc.asyncProperty(stored, rates, async (next, rate) => {
        const bucket: Bucket | undefined = next === undefined ? undefined : { next, keptUntil: Infinity };
        const expected = lookAtBucket(bucket, at, rate);
        const reply = await stage.client.eval(LOOK, 0, next ?? '', at, ...argumentsOf(rate));
        expect(reply).toEqual([String(expected.next), expected.free, expected.isClosed ? 1 : 0]);
      }),
      { numRuns: 300 },
    );
  });

  it('store what the memory provider would, until it is full', async () => {
    const rate = { limit: 10, perMs: 60_000, burst: 4 };
    const before = await now();
    expect(await ask('bucket', 3, rate)).toBe(3);
    const after = await now();
    const next = Number(await stage.client.get('bucket'));
    expect(next).toBeGreaterThanOrEqual(grant(undefined, before, 3, rate).bucket?.next ?? 0);
    expect(next).toBeLessThanOrEqual(grant(undefined, after, 3, rate).bucket?.next ?? 0);
    const left = await stage.client.pttl('bucket');
    expect(left).toBeGreaterThan(17_000);
    expect(left).toBeLessThanOrEqual(18_000);
    expect(await ask('bucket', 3, rate)).toBe(1);
    // Somebody waits for it.
    expect(await stage.client.pttl('bucket')).toBeGreaterThan(24_000 - 1_000);
  });

  it('store nothing where nobody asks, and nothing of a bucket that is full', async () => {
    expect(await ask('idle', 0, { limit: 1, perMs: 1 })).toBe(0);
    expect(await stage.client.exists('idle')).toBe(0);
    expect(await ask('short', 1, { limit: 1, perMs: 20 })).toBe(1);
    await waitUntil(async () => (await stage.client.exists('short')) === 0, 'the bucket to expire');
  });

  it('cost one read and one write per call, however many jobs ask', async () => {
    await stage.client.config('RESETSTAT');
    expect(await ask('costs', 50, { limit: 100, perMs: 60_000, burst: 20 })).toBe(20);
    const stats = await stage.client.info('commandstats');
    expect(stats).toMatch(/cmdstat_get:calls=1,/);
    expect(stats).toMatch(/cmdstat_set:calls=1,/);
    expect(stats).toMatch(/cmdstat_time:calls=1,/);
  });

  it('are closed for as long as somebody says, and for the longest', async () => {
    const rate = { limit: 100, perMs: 1_000, burst: 5 };
    const before = await now();
    await stage.client.eval(CLOSE, 1, 'closed', 30_000, ...argumentsOf(rate));
    await stage.client.eval(CLOSE, 1, 'closed', 1_000, ...argumentsOf(rate));
    const closedUntil = -Number(await stage.client.get('closed'));
    expect(closedUntil).toBeGreaterThanOrEqual(-closeBucket(undefined, before, 30_000, rate).next);
    expect(await stage.client.pttl('closed')).toBeGreaterThan(29_000);
    expect(await ask('closed', 5, rate)).toBe(0);
    expect(-Number(await stage.client.get('closed'))).toBe(closedUntil);
  });

  it('begin anew where somebody else keeps something', async () => {
    await stage.client.rpush('list', 'a');
    expect(await ask('list', 2, { limit: 1, perMs: 60_000 })).toBe(1);
    await stage.client.set('text', 'no number');
    expect(await ask('text', 2, { limit: 1, perMs: 60_000 })).toBe(1);
  });
});
