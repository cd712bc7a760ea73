import Bull from 'bull';
import type { Job } from 'bull';
import { testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import type { TAKEN_FIELDS } from '../scripts/functions/read-job.lua.js';
import { JobReader } from './job-reader.js';
import { completeHash } from './read-job.js';
import type { RedisQueue } from './redis-queue.js';
import { storedEntry } from './taken-entry.js';

type Hash = Partial<Record<(typeof TAKEN_FIELDS)[number], string>>;

const READ_BY_BULL = (Bull as unknown as { Job: { fromJSON(queue: unknown, hash: Hash, id: string): Job } })
  .Job;
const NEEDED: Hash = { name: 'send', timestamp: '1700000000000', data: '{"n":1}', delay: '0' };

describe('JobReader', () => {
  const stage = redisStage();

  /** What both readers make of a hash. */
  function read(hash: Hash): { ours: Job; bulls: Job } {
    const queue = stage.fixture.broker().createQueue(testQueue()) as RedisQueue;
    const ours = new JobReader(queue, queue.definition).read(storedEntry('7', hash));
    return { ours, bulls: READ_BY_BULL.fromJSON(queue, completeHash(queue.definition, '7', hash), '7') };
  }

  it.each<[string, Hash]>([
    ['is new', { ...NEEDED, opts: '{"attempts":3,"timestamp":5}' }],
    ['has no options', { ...NEEDED }],
    ['has the options of a plain producer', { ...NEEDED, opts: '{"attempts":"2","delay":"7","backoff":50}' }],
    ['has failed', { ...NEEDED, opts: '{}', attemptsMade: '2', stacktrace: '["a","b"]', failedReason: 'no' }],
    ['has reported', { ...NEEDED, opts: '{}', progress: '{"percentage":5}', processedOn: '12' }],
    ['was replayed', { ...NEEDED, opts: '{}', retriedOn: '9', finishedOn: '8', returnvalue: '[1]' }],
    ['is debounced', { ...NEEDED, opts: '{"debounce":{"id":"d"}}', deid: 'd' }],
    ['keeps its data as text', { ...NEEDED, opts: '{"preventParsingData":true}' }],
    ['has a broken stack trace', { ...NEEDED, opts: '{}', stacktrace: '{' }],
    ['has no name', { timestamp: '5', delay: '0', opts: '{}' }],
  ])("reads a job as Bull's own reader does when it %s", (_when, hash) => {
    const { ours, bulls } = read(hash);
    const { opts, ...rest } = bulls.toJSON();
    expect(ours.toJSON()).toEqual({ ...rest, opts });
    expect([ours.processedOn, ours.finishedOn]).toEqual([bulls.processedOn, bulls.finishedOn]);
    expect((ours as unknown as { retriedOn?: number }).retriedOn).toBe(
      (bulls as unknown as { retriedOn?: number }).retriedOn,
    );
    expect(ours).toBeInstanceOf(READ_BY_BULL);
    expect((ours as unknown as { lockKey(): string }).lockKey()).toBe(
      (bulls as unknown as { lockKey(): string }).lockKey(),
    );
  });

  it.each<[problem: RegExp, hash: Hash]>([
    [/options are not JSON/, { ...NEEDED, opts: '{"S3CRET' }],
    [/options must be a JSON object, got null/, { ...NEEDED, opts: 'null' }],
    [/payload is not JSON/, { ...NEEDED, opts: '{}', data: '{"S3CRET' }],
  ])('refuses what nobody can run without quoting it, and shows what can be read: %s', (problem, hash) => {
    const queue = stage.fixture.broker().createQueue(testQueue()) as RedisQueue;
    const reader = new JobReader(queue, queue.definition);
    const entry = storedEntry('7', hash);
    expect(() => reader.read(entry)).toThrow(problem);
    expect(() => reader.read(entry)).not.toThrow(/S3CRET/);
    const shown = reader.show(entry);
    expect(shown).toMatchObject({ id: '7', name: 'send', timestamp: 1_700_000_000_000 });
    expect(shown.data).toEqual(hash.data === NEEDED.data ? { n: 1 } : null);
  });

  it('gives each job options of its own, although it reads a text once', () => {
    const queue = stage.fixture.broker().createQueue(testQueue()) as RedisQueue;
    const reader = new JobReader(queue, queue.definition);
    const hash: Hash = { ...NEEDED, opts: '{"attempts":3,"backoff":{"type":"fixed","delay":5}}' };
    const [one, two] = [reader.read(storedEntry('7', hash)), reader.read(storedEntry('8', hash))];
    one.opts.attempts = 9;
    expect(two.opts.attempts).toBe(3);
    expect(one.opts.backoff).toBe(two.opts.backoff);
    expect(Object.isFrozen(one.opts.backoff)).toBe(true);
  });
});
