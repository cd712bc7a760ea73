import type { ProviderName } from '../../src/message-queue/broker/broker.js';
import { MoreMatchedError } from '../../src/message-queue/dead-letter/changes/more-matched.error.js';
import { InvalidJobOptionsError } from '../../src/message-queue/jobs/errors.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { clockPasses } from '../support/clock-passes.js';
import { DeadLetterFixture } from './dead-letter.fixture.js';
import type { Fate } from './dead-letter.fixture.js';

interface UserFate extends Fate {
  readonly user?: { readonly id: number | string };
  readonly tags?: readonly string[];
}

describe.each<ProviderName>(['memory', 'redis'])('Changes of many dead letters on %s', (provider) => {
  let redis: TestRedis | null = null;
  let fixture: DeadLetterFixture;

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
  });
  beforeEach(async () => {
    fixture = new DeadLetterFixture(provider, redis);
    await fixture.work('mail', 'push');
  });
  afterEach(() => fixture.close());
  afterAll(() => redis?.stop());

  const many = (count: number, error = 'no route'): UserFate[] =>
    Array.from({ length: count }, () => ({ errors: [error] }));

  it('puts letters that differ in numbers, ids, quotes and addresses into one group', async () => {
    await fixture.deaths('mail', [
      { errors: ['user "ann" is over 10 MB'] },
      { errors: ['user "ben" is over 12 MB'] },
      { errors: ['user "ben" is over 12 MB'], job: 'confirm' },
    ]);
    await fixture.deaths('push', [{ errors: ['connect 10.0.0.1:443'] }]);
    const { groups, looked, of } = await fixture.deadLetters.groups();
    expect([looked, of]).toEqual([4, 4]);
    expect(groups.map(({ queue, job, error, text, letters }) => [queue, job, error, text, letters])).toEqual([
      ['mail', 'send', 'TypeError', 'user … is over … MB', 2],
      ['mail', 'confirm', 'TypeError', 'user … is over … MB', 1],
      ['push', 'send', 'TypeError', 'connect …', 1],
    ]);
    const [first] = groups;
    const { letters } = await fixture.deadLetters.list({ group: first?.key });
    expect(letters.map(({ reason }) => reason).sort()).toEqual([
      'user "ann" is over 10 MB',
      'user "ben" is over 12 MB',
    ]);
    expect(first?.firstAt.getTime()).toBeLessThanOrEqual(first?.lastAt.getTime() ?? 0);
  });

  it('filters by a field of the payload', async () => {
    const fates: UserFate[] = [
      { errors: ['no'], user: { id: 42 } },
      { errors: ['no'], user: { id: '42' }, tags: ['a', 'b'] },
      { errors: ['no'], user: { id: 43 }, tags: ['b'] },
    ];
    await fixture.deaths('mail', fates);
    const count = async (payload: string): Promise<number> =>
      (await fixture.deadLetters.preview('replay', { payload })).matched;
    expect(await count('user.id = 42')).toBe(2);
    expect(await count('tags = b')).toBe(2);
    expect(await count('errors.0 = no')).toBe(3);
    expect(await count('user = 42')).toBe(0);
    expect(await count('constructor.name = Object')).toBe(0);
    const hidden = fixture.deadLetters.seenAs(() => ({ user: '[hidden]' }));
    expect((await hidden.preview('replay', { payload: 'user.id = 42' })).matched).toBe(0);
    await expect(fixture.deadLetters.list({ payload: 'user.id' })).rejects.toThrow(InvalidJobOptionsError);
    await expect(fixture.deadLetters.list({ group: 'x' })).rejects.toThrow(InvalidJobOptionsError);
  });

  it('moves what was previewed, and not what failed since', async () => {
    await fixture.deaths('mail', many(20));
    await fixture.deaths('push', [...many(6), { errors: ['timeout'] }]);
    const { matched, until, byError, byJob, sample } = await fixture.deadLetters.preview('replay', {});
    expect([matched, byError, byJob]).toEqual([27, { TypeError: 27 }, { send: 27 }]);
    expect(sample).toHaveLength(5);
    await clockPasses();
    const [late = ''] = await fixture.deaths('mail', many(1));
    const report = await fixture.deadLetters.change('replay', {}, { until, matched, by: 'ann' });
    expect(report).toEqual({ moved: 27, gone: 0, failed: [], left: 0 });
    expect((await fixture.deadLetters.list()).letters.map(({ id }) => id)).toEqual([late]);
  });

  it('touches none of more than were previewed, and is content with fewer', async () => {
    const [first = ''] = await fixture.deaths('mail', many(3));
    const { until } = await fixture.deadLetters.preview('discard', { queue: 'mail' });
    const change = (matched: number) =>
      fixture.deadLetters.change('discard', { queue: 'mail' }, { until, matched, by: 'ann', reason: 'old' });
    await expect(change(2)).rejects.toThrow(MoreMatchedError);
    expect((await fixture.deadLetters.list()).letters).toHaveLength(3);
    await fixture.deadLetters.discard('mail', first);
    expect(await change(3)).toEqual({ moved: 2, gone: 1, failed: [], left: 0 });
  });

  it('discards no letter that was replayed and failed anew since it was read', async () => {
    const { queue } = fixture.queues.get('mail');
    const [anew = ''] = await fixture.deaths('mail', [{ errors: Array<string>(6).fill('no route') }]);
    await fixture.deaths('mail', many(1));
    const discard = fixture.broker.discard.bind(fixture.broker);
    jest.spyOn(fixture.broker, 'discard').mockImplementationOnce(async (of, letters) => {
      await fixture.deadLetters.replay('mail', anew, 'ben');
      await waitUntil(async () => (await queue.getFailedCount()) === 2, 'the letter to fail anew');
      return discard(of, letters);
    });
    const report = await fixture.deadLetters.discardMatching({ queue: 'mail' }, { by: 'ann' });
    expect(report).toMatchObject({ matched: 2, discarded: 1, skipped: 1, failed: 0, complete: true });
    expect((await fixture.deadLetters.list()).letters.map(({ id }) => id)).toEqual([anew]);
  });

  it('leaves cancelled letters out of a replay, in the preview too', async () => {
    const { queue, broker } = fixture.queues.get('mail');
    await queue.pause();
    const job = await queue.add('send', {});
    await broker.cancel(queue, String(job.id), 'no longer wanted');
    await fixture.deaths('push', many(2));
    const { matched } = await fixture.deadLetters.preview('replay', {});
    expect(matched).toBe(2);
    expect((await fixture.deadLetters.preview('replay', { cancelled: true })).matched).toBe(1);
    expect((await fixture.deadLetters.preview('discard', {})).matched).toBe(3);
  });

  it('goes no faster than asked, tells how far it is, and stops between batches', async () => {
    await fixture.deaths('mail', many(9));
    const { until, matched } = await fixture.deadLetters.preview('discard', {});
    const stop = new AbortController();
    const told: number[] = [];
    const begun = performance.now();
    const report = await fixture.deadLetters.change(
      'discard',
      {},
      {
        ...{ until, matched, by: 'ann', reason: 'old', perSecond: 3, signal: stop.signal },
        onProgress: (done) => {
          told.push(done);
          if (done > 3) stop.abort();
        },
      },
    );
    const moved = told.at(-1) ?? 0;
    expect([told[0], told.length]).toEqual([3, 2]);
    expect(report).toEqual({ moved, gone: 0, failed: [], left: 9 - moved });
    expect(performance.now() - begun).toBeGreaterThan(900);
  });
});
