import { redisStage } from '../../../../test/support/redis-stage.js';
import { defineRate } from '../../jobs/flow/rate.js';

const RATE = defineRate('provider', { limit: 1, perMs: 60_000 });

describe('what is stored of reserved starts', () => {
  const stage = redisStage();
  const keys = async (prefix: string): Promise<string[]> =>
    (await stage.client.keys(`${prefix}:mq:bucket:*`)).map((key) => key.slice(prefix.length + 1)).sort();

  it('stands beside the bucket until its time, and is gone with the start', async () => {
    const { rates } = stage.fixture.broker();
    const { prefix } = stage.fixture;
    expect(await rates.reserve(RATE, 'queue:m_1:sms')).toBe(0);
    expect(await keys(prefix)).toEqual(['mq:bucket:provider']);
    expect(await rates.reserve(RATE, 'queue:m_2:sms')).toBeGreaterThan(50_000);
    const [bucket, line, own] = await keys(prefix);
    expect([bucket, line]).toEqual(['mq:bucket:provider', 'mq:bucket:provider:line']);
    expect(own).toMatch(/^mq:bucket:provider:of:[\w-]{22}$/);
    const left = async (key = ''): Promise<number> => stage.client.pttl(`${prefix}:${key}`);
    expect(await left(line)).toBeLessThanOrEqual(120_000);
    expect(await left(line)).toBeGreaterThan(110_000);
    expect(await left(own)).toBeLessThanOrEqual(660_000);
    expect(await left(own)).toBeGreaterThan(650_000);
    // As if a minute had passed.
    await stage.client.set(`${prefix}:${own}`, '1000000');
    await stage.client.del(`${prefix}:${bucket}`, `${prefix}:${line}`);
    expect(await rates.reserve(RATE, 'queue:m_2:sms')).toBe(0);
    expect(await keys(prefix)).toEqual(['mq:bucket:provider']);
  });

  it('goes by a rate that was changed for all who join from then on', async () => {
    const { rates } = stage.fixture.broker();
    for (const id of ['a', 'b', 'c', 'd']) await rates.reserve(RATE, id);
    const faster = await rates.reserve({ ...RATE, limit: 600 }, 'new');
    expect(faster).toBeGreaterThan(200);
    expect(faster).toBeLessThanOrEqual(400);
  });

  it('is begun anew where somebody else keeps something', async () => {
    const { rates } = stage.fixture.broker();
    const { prefix } = stage.fixture;
    await stage.client.rpush(`${prefix}:mq:bucket:provider:line`, 'a');
    expect(await rates.reserve(RATE, 'a')).toBe(0);
    expect(await rates.reserve(RATE, 'b')).toBeGreaterThan(0);
  });
});
