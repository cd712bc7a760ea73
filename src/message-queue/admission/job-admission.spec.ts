import { InvalidJobOptionsError } from '../jobs/errors.js';
import type { ManagedJobOptions } from '../jobs/managed-job.js';
import { admitJob } from './job-admission.js';
import { RESERVED_JOB_IDS } from './job-id.js';
import { settings, NOW, admit, refused } from '../../../test/support/admission-fixture.js';

const paths = (act: () => unknown): string[] => refused(act).issues.map((issue) => issue.path);

describe('admitJob fills', () => {
  it('everything our rules need', () => {
    const { options, json, bytes } = admit(undefined, { text: 'grün' });
    expect(options).toEqual({
      jobId: expect.stringMatching(/^m_[\w-]{16}$/) as string,
      attempts: 5,
      backoff: { type: 'mq', delay: 2000, options: { type: 'exponential', delayMs: 2000 } },
      removeOnComplete: 1000,
      removeOnFail: false,
      timestamp: NOW,
      stackTraceLimit: 1,
      mq: { defaultAttempts: true },
    });
    expect(json).toBe('{"text":"grün"}');
    expect(bytes).toBe(16);
  });

  it('nothing over what was given', () => {
    const given = {
      jobId: 'order-7',
      attempts: 2,
      backoff: { type: 'exponential', delay: 50 },
      removeOnComplete: { age: 60, count: 5 },
      timestamp: 5,
      stackTraceLimit: 1,
      priority: 3,
      delay: 10,
      lifo: true,
      debounce: { id: 'd', ttl: 5 },
      mq: { correlationId: 'c', metadata: { tenant: 't', n: 1, b: true }, timeoutMs: 5 },
    };
    expect(admit(given).options).toEqual({ ...given, removeOnFail: false });
  });

  it('no id into a repeatable job', () => {
    const { options } = admit({ repeat: { cron: '0 2 * * *', tz: 'Europe/Berlin', limit: 3 } });
    expect(options).not.toHaveProperty('jobId');
    expect(options.repeat).toEqual({ cron: '0 2 * * *', tz: 'Europe/Berlin', limit: 3 });
  });

  it('a schedule that comes due no more often than the queue allows', () => {
    const slow = { ...settings, minRepeatMs: 60_000 };
    const repeatPaths = (repeat: ManagedJobOptions['repeat']): string[] =>
      paths(() => admitJob('q', slow, 'send', {}, { repeat }));
    expect(repeatPaths({ every: 59_999 })).toEqual(['repeat.every']);
    expect(repeatPaths({ cron: '0,30 2 * * * *' })).toEqual(['repeat.cron']);
    expect(() => repeatPaths({ cron: '* * * * *' })).toThrow('It was admitted.');
    expect(() => repeatPaths({ every: 60_000 })).toThrow('It was admitted.');
  });

  it.each([[true], [5], [{ age: 10 }], [false]])('removeOnFail: false instead of %j', (removeOnFail) => {
    expect(admit({ removeOnFail }).options.removeOnFail).toBe(false);
  });

  it('the options of a mq backoff without any, and turns a number into fixed', () => {
    expect(admit({ backoff: { type: 'mq', delay: 9 } }).options.backoff).toEqual({
      type: 'mq',
      delay: 9,
      options: { type: 'exponential', delayMs: 9 },
    });
    expect(admit({ backoff: 9 }).options.backoff).toEqual({ type: 'fixed', delay: 9 });
  });

  it('an empty payload where none was given, as Bull does', () => {
    expect(admit({}, undefined).json).toBe('{"a":1}');
    expect(admitJob('q', settings, 'send', undefined)).toMatchObject({ json: '{}' });
  });

  it('drops the history of a copied job, and options that are undefined', () => {
    const failures = [{ at: 1, attempt: 1, kind: 'error', error: 'E', message: 'm' }];
    const { options } = admit({
      priority: undefined,
      attempts: 1,
      mq: { correlationId: 'c', failures, replays: [], cancelled: { at: 1, reason: 'r' } },
    });
    expect(options.mq).toEqual({ correlationId: 'c' });
    expect(options).not.toHaveProperty('priority');
  });

  it('nothing twice: what was admitted is admitted as it is', () => {
    const { options } = admit({ priority: 4, mq: { correlationId: 'c', idempotencyKey: 'k' } });
    expect(admit(options).options).toEqual(options);
  });

  it('leaves the caller’s objects alone', () => {
    const given = Object.freeze({ repeat: Object.freeze({ every: 5_000 }), mq: Object.freeze({}) });
    const payload = Object.freeze({ at: new Date(0) });
    expect(admit(given, payload).options.repeat).not.toBe(given.repeat);
    expect(payload.at).toBeInstanceOf(Date);
  });
});

describe('admitJob refuses', () => {
  it.each([...RESERVED_JOB_IDS])('the job id "%s", a key of the queue', (jobId) => {
    expect(refused(() => admit({ jobId })).message).toContain(`"${jobId}"`);
  });

  const bad: [string, unknown][] = [
    ...['7', 7, '', 'a:lock', 'x:logs', 'repeat:1:2', 'a\nb', 'x'.repeat(201), null, {}].map(
      (jobId): [string, unknown] => ['jobId', { jobId }],
    ),
    ...[Number.NaN, -1, 0, 1.5, 'abc', '3', 2 ** 21 + 1, Number.POSITIVE_INFINITY, null].map(
      (priority): [string, unknown] => ['priority', { priority }],
    ),
    ...[-1, Number.NaN, Number.POSITIVE_INFINITY, '5', 0.5, 1e15, null].map((delay): [string, unknown] => [
      'delay',
      { delay },
    ]),
    ...[0, -1, Number.NaN, 1.5, 1001, '3', null, Number.POSITIVE_INFINITY].map(
      (attempts): [string, unknown] => ['attempts', { attempts }],
    ),
    ['backoff.type', { backoff: { type: 'fibonacci', delay: 1 } }],
    ['backoff.type', { backoff: { delay: 1 } }],
    ['backoff.delay', { backoff: { type: 'fixed' } }],
    ['backoff.delay', { backoff: { type: 'fixed', delay: -1 } }],
    ['backoff.delay', { backoff: { type: 'exponential', delay: '5' } }],
    ['backoff.delay', { backoff: { type: 'mq' } }],
    ['backoff.options', { backoff: { type: 'mq', options: { type: 'fixed', delayMs: 1, jitter: 2 } } }],
    ['backoff', { backoff: -1 }],
    ['backoff', { backoff: Number.NaN }],
    ['backoff', { backoff: '5s' }],
    ['backoff', { backoff: null }],
    ['timeout', { timeout: 500 }],
    ...['removeOnComplete', 'removeOnFail'].flatMap((path): [string, unknown][] => [
      [path, { [path]: null }],
      [path, { [path]: Number.NaN }],
      [path, { [path]: -1 }],
      [path, { [path]: 'yes' }],
      [path, { [path]: {} }],
      [`${path}.age`, { [path]: { age: 0 } }],
      [`${path}.age`, { [path]: { age: Number.NaN, count: 5 } }],
      [`${path}.count`, { [path]: { count: -1 } }],
      [`${path}.cout`, { [path]: { age: 1, cout: 5 } }],
    ]),
    ['stackTraceLimit', { stackTraceLimit: 0 }],
    ['stackTraceLimit', { stackTraceLimit: 5000 }],
    ['sizeLimit', { sizeLimit: -1 }],
    ['limiter', { limiter: { max: 1, duration: 1 } }],
    ['lifo', { lifo: 'true' }],
    ['preventParsingData', { preventParsingData: true }],
    ['timestamp', { timestamp: 'now' }],
    ['debounce', { debounce: true }],
    ['debounce.id', { debounce: { ttl: 5 } }],
    ['debounce.ttl', { debounce: { id: 'x', ttl: 0 } }],
    ['repeat', { repeat: true }],
    ['repeat', { repeat: {} }],
    ['repeat', { repeat: { cron: '* * * * *', every: 5_000 } }],
    ['repeat.every', { repeat: { every: 0 } }],
    ['repeat.every', { repeat: { every: -5 } }],
    ['repeat.every', { repeat: { every: Number.NaN } }],
    ['repeat.cron', { repeat: { cron: '61 * * * *' } }],
    ['repeat.cron', { repeat: { cron: 'tomorrow' } }],
    ['repeat.cron', { repeat: { cron: '' } }],
    ['repeat.cron', { repeat: { cron: '0 0 31 2 *' } }],
    ['repeat.tz', { repeat: { cron: '0 2 * * *', tz: 'Mars/Base' } }],
    ['repeat.tz', { repeat: { every: 5_000, tz: 'Europe/Berlin' } }],
    ['repeat.limit', { repeat: { every: 5_000, limit: 0 } }],
    ['repeat.endDate', { repeat: { every: 5_000, endDate: 'soon' } }],
    ['repeat.endDate', { repeat: { every: 5_000, endDate: NOW - 1 } }],
    ['repeat.endDate', { repeat: { every: 5_000, startDate: NOW + 9, endDate: NOW + 5 } }],
    ['repeat.jobId', { repeat: { every: 5_000, jobId: 'a:b' } }],
    ['repeat.jobId', { jobId: 'a', repeat: { every: 5_000, jobId: 'b' } }],
    ['repeat.every', { repeat: { every: 999 } }],
    ['repeat.every', { repeat: { every: 1e12 } }],
    ['repeat.endDate', { repeat: { cron: '0 2 * * *', endDate: NOW + 1 } }],
    ['delay', { delay: 5, repeat: { every: 5_000 } }],
    ['lifo', { lifo: true, repeat: { every: 5_000 } }],
    ['debounce', { debounce: { id: 'd' }, repeat: { every: 5_000 } }],
    ['timestamp', { timestamp: NOW, repeat: { every: 5_000 } }],
    ['repeat.evry', { repeat: { evry: 5, every: 5_000 } }],
    ['prio', { prio: 5 }],
    ['__proto__', JSON.parse('{"__proto__":1}')],
    ['constructor', { constructor: 1 }],
    ['mq', { mq: 'x' }],
    ['mq.timeoutMs', { mq: { timeoutMs: 0 } }],
    ['mq.metadata', { mq: { metadata: [] } }],
    ['mq.metadata.deep', { mq: { metadata: { deep: {} } } }],
    ['mq.correlationId', { mq: { correlationId: '' } }],
    ['mq.corelationId', { mq: { corelationId: 'x' } }],
    ['options', 5],
    ['options', null],
    ['options', []],
  ];

  it.each(bad.map(([path, options], index) => [path, index, options] as const))(
    '%s (%i)',
    (path, _index, options) => {
      const error = refused(() => admit(options));
      expect(error).toBeInstanceOf(InvalidJobOptionsError);
      expect(error.issues[0]?.path).toBe(path);
      expect(error).toMatchObject({ queue: 'q', job: 'send' });
    },
  );

  it('all at once, with a hint for what was meant', () => {
    const error = refused(() => admit({ delay: -1, prioriy: 1, attempts: 0, timeout: 5 }));
    expect(error.issues.map((issue) => issue.path)).toEqual(['delay', 'prioriy', 'attempts', 'timeout']);
    expect(error.message).toContain('Did you mean "priority"?');
    expect(error.message).toContain('timeoutMs');
  });

  it('job names that are empty, not text, or break a schedule key', () => {
    expect(paths(() => admitJob('q', settings, '', {}))).toEqual(['name']);
    expect(paths(() => admitJob('q', settings, 5 as unknown as string, {}))).toEqual(['name']);
    expect(paths(() => admitJob('q', settings, 'a:b', {}, { repeat: { every: 5_000 } }))).toEqual(['repeat']);
  });
});
