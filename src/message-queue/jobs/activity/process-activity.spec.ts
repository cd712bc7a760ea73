import { QueueFullError, EnqueueTimeoutError, InvalidPayloadError } from '../errors.js';
import { bucketOf, COUNTER_AT, emptyRecord, RUNS_AT, WAITS_AT } from './activity-record.js';
import { deadReason } from './dead-reason.js';
import { runsOf, waitsOf } from './durations.js';
import { ProcessActivity } from './process-activity.js';

const MAIL = { name: 'mail', jobs: { send: class {}, bounce: class {} } };

describe('ProcessActivity', () => {
  it('counts by queue and job name, and everything that no definition names as other', () => {
    const activity = new ProcessActivity([MAIL]);
    activity.of('mail', 'send').added();
    activity.of('mail', 'send').added();
    for (const name of ['u-1', 'u-2', '__proto__', 'constructor', undefined as unknown as string]) {
      activity.of('mail', name).added();
    }
    const counted = activity.series.map(({ job, record }) => [job, record[COUNTER_AT.added]]);
    expect(counted).toEqual([
      ['send', 2],
      ['other', 5],
    ]);
  });

  it('makes no more series than it may, and says so', () => {
    const activity = new ProcessActivity([MAIL, { name: 'push', jobs: { send: class {} } }], 2);
    activity.of('mail', 'send').added();
    activity.of('mail', 'u-1').added();
    activity.of('mail', 'bounce').added();
    expect(activity.isBeyondLimit).toBe(false);
    activity.of('push', 'send').added();
    expect(activity.isBeyondLimit).toBe(true);
    expect(activity.series.map(({ queue, job }) => `${queue} ${job}`)).toEqual([
      'mail send',
      'mail other',
      'mail bounce',
      'push other',
    ]);
  });

  it('keeps refusals by reason, of registered queues and of what was certainly not added', () => {
    const activity = new ProcessActivity([MAIL]);
    activity.refuse('mail', 'send', new QueueFullError('It is full.', 2, 1, 0));
    activity.refuse('mail', 'send', new InvalidPayloadError('It is wrong:', []));
    activity.refuse('mail', 'send', new TypeError('odd'));
    activity.refuse('mail', 'send', new EnqueueTimeoutError('Who knows.'));
    activity.refuse('unheard-of', 'send', new QueueFullError('It is full.', 2, 1, 0));
    expect(activity.refused).toEqual([
      { queue: 'mail', reason: 'queue_full', count: 1 },
      { queue: 'mail', reason: 'invalid_payload', count: 1 },
      { queue: 'mail', reason: 'other', count: 1 },
    ]);
    expect(activity.series.map(({ record }) => record[COUNTER_AT.refused])).toEqual([3]);
  });

  it('takes durations that are none', () => {
    const counts = new ProcessActivity([MAIL]).of('mail', 'send');
    for (const wrong of [-5, Number.NaN, -Infinity]) counts.started(wrong, 1);
    counts.started(Infinity, 2);
    expect(counts.record[WAITS_AT]).toBe(3);
    expect(counts.record[COUNTER_AT.waitMs]).toBe(365 * 86_400_000);
    expect(waitsOf(counts.record).p50).toBeLessThanOrEqual(1);
  });

  it.each([
    ['crash', 'CRASH_LOOP', 'crash_loop'],
    ['error', 'INVALID_PAYLOAD', 'invalid_payload'],
    ['error', 'InvalidPayloadError', 'invalid_payload'],
    ['error', 'NEWER_PAYLOAD', 'unknown_job'],
    ['error', 'UNRECOVERABLE_JOB', 'unrecoverable'],
    ['error', 'constructor', 'attempts_spent'],
    ['timeout', 'JOB_TIMEOUT', 'attempts_spent'],
  ] as const)('calls a letter of kind %s and error %s %s', (kind, error, reason) => {
    expect(deadReason({ at: 0, attempt: 1, kind, error, message: '' }, 'attempts_spent')).toBe(reason);
  });
});

describe('durations of a record', () => {
  it('are none where nothing was counted', () => {
    expect(runsOf(emptyRecord())).toEqual({ avg: null, p50: null, p95: null, p99: null });
  });

  it('lie between the two bounds next to the true ones, whatever was counted', () => {
    const record = emptyRecord();
    const durations = Array.from({ length: 1_000 }, (_, i) => Math.round(1.0125 ** i));
    for (const ms of durations) {
      record[RUNS_AT + bucketOf(ms)] = (record[RUNS_AT + bucketOf(ms)] ?? 0) + 1;
      record[COUNTER_AT.runMs] = (record[COUNTER_AT.runMs] ?? 0) + ms;
    }
    const { avg, ...told } = runsOf(record);
    expect(avg).toBeCloseTo(durations.reduce((sum, ms) => sum + ms, 0) / 1_000, 1);
    for (const [name, share] of [
      ['p50', 0.5],
      ['p95', 0.95],
      ['p99', 0.99],
    ] as const) {
      const truth = durations[Math.ceil(share * 1_000) - 1] ?? 0;
      expect([name, bucketOf(told[name] ?? 0)]).toEqual([name, bucketOf(truth)]);
    }
  });

  it('claim of what is longer than the last bound no more than that', () => {
    const record = emptyRecord();
    record[RUNS_AT + bucketOf(1e9)] = 4;
    expect(runsOf(record).p50).toBe(1_800_000);
  });
});
