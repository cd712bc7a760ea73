import Bull from 'bull';
import { Redis } from 'ioredis';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { DeadLetterFixture } from './dead-letter.fixture.js';

describe('Dead letters that somebody else left in Redis', () => {
  let redis: TestRedis;
  let fixture: DeadLetterFixture;
  let client: Redis;

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  beforeEach(() => {
    fixture = new DeadLetterFixture('redis', redis);
    client = new Redis(redis.port);
  });
  afterEach(async () => {
    await client.quit();
    await fixture.close();
  });
  afterAll(() => redis.stop());

  it('reads and replays those of a plain Bull producer and consumer', async () => {
    const plain = new Bull('mail', { redis: { port: redis.port }, prefix: fixture.prefix });
    void plain.process('send', () => Promise.reject(new RangeError('out of range')));
    const { id } = await plain.add('send', { to: 'ann' }, { attempts: 2 });
    await waitUntil(async () => (await plain.getFailedCount()) === 1, 'the plain job to fail');
    await plain.close();
    const letter = await fixture.deadLetters.get('mail', String(id));
    expect(letter).toMatchObject({
      job: 'send',
      payload: { to: 'ann' },
      attempts: 2,
      error: 'RangeError',
      reason: 'out of range',
      correlationId: String(id),
    });
    expect(letter.failures.map(({ attempt, at }) => [attempt, at])).toEqual([
      [1, letter.lastFailedAt],
      [2, letter.lastFailedAt],
    ]);
    expect(letter.failures[0]?.stack?.split('\n').length).toBeLessThanOrEqual(8);
    await fixture.deadLetters.replay('mail', String(id), 'ann');
    await fixture.work('mail');
    await waitUntil(
      async () => (await fixture.queues.get('mail').queue.getCompletedCount()) === 1,
      'the replay to complete',
    );
  });

  it('lists jobs whose text is corrupt, steps over those that were evicted, and counts them', async () => {
    await fixture.work('mail');
    const ids = await fixture.deaths(
      'mail',
      Array.from({ length: 40 }, () => ({ errors: ['x'] })),
    );
    const key = `${fixture.prefix}:mail`;
    await client.hset(`${key}:${ids[3]}`, 'data', '{not json');
    await client.hset(`${key}:${ids[17]}`, 'opts', 'nor this');
    await client.del(`${key}:${ids[0]}`, `${key}:${ids[30]}`, `${key}:${ids[39]}`);
    const page = await fixture.deadLetters.list({ limit: 1_000 });
    expect(page.letters).toHaveLength(37);
    expect(page.letters.find(({ id }) => id === ids[3])).toMatchObject({ payload: null, reason: 'x' });
    expect(page.letters.find(({ id }) => id === ids[17])).toMatchObject({
      payload: { errors: ['x'] },
      reason: 'x',
    });
    const small = await fixture.deadLetters.list({ limit: 3 });
    expect(small.letters).toHaveLength(3);
    expect(await fixture.deadLetters.stats()).toMatchObject({ total: 37, unreadable: 3 });
    const report = await fixture.deadLetters.replayAll({ by: 'ann', batchSize: 4 });
    expect(report).toMatchObject({ matched: 37, replayed: 37, complete: true });
    const { queue } = fixture.queues.get('mail');
    await waitUntil(async () => (await queue.getCompletedCount()) === 36, 'the replays to complete');
    await waitUntil(async () => (await queue.getFailedCount()) === 4, 'the corrupt one to die again');
  });
});
