import { InvalidJobOptionsError } from '../jobs/errors.js';
import { DEFAULT_IDEMPOTENCY_TTL_MS, mapEnqueueOptions } from './job-options.js';
import type { EnqueueOptions, MappedEnqueueOptions } from './job-options.js';
import { JobPriority } from '../jobs/job-priority.js';

const place = { queue: 'q', job: 'send' };
const NOW = Date.UTC(2026, 0, 1);
const map = (options?: unknown): MappedEnqueueOptions =>
  mapEnqueueOptions(place, options as EnqueueOptions, NOW);

describe('mapEnqueueOptions', () => {
  it('gives NORMAL priority, on Bull’s scale, and nothing else', () => {
    expect(map()).toEqual({ options: { priority: 6 }, critical: false });
    expect(map({ delay: 0, jobId: undefined })).toEqual({ options: { priority: 6 }, critical: false });
  });

  it('maps every option', () => {
    expect(
      map({
        priority: JobPriority.CRITICAL,
        delay: 5,
        idempotencyKey: 'k',
        ttl: 9,
        correlationId: 'c',
        metadata: { m: 1 },
        timeoutMs: 7,
        attempts: 2,
        jobId: 'j',
        deadlineMs: 3,
      }),
    ).toEqual({
      options: {
        priority: 1,
        delay: 5,
        attempts: 2,
        jobId: 'j',
        mq: { correlationId: 'c', metadata: { m: 1 }, timeoutMs: 7, idempotencyKey: 'k' },
      },
      idempotency: { key: 'k', ttlMs: 9 },
      critical: true,
      deadlineMs: 3,
    });
  });

  it('remembers an idempotency key for a day by default', () => {
    expect(map({ idempotencyKey: 'k' }).idempotency?.ttlMs).toBe(DEFAULT_IDEMPOTENCY_TTL_MS);
  });

  it('passes schedules on', () => {
    expect(map({ repeat: { cron: '0 2 * * *' } }).options.repeat).toEqual({ cron: '0 2 * * *' });
    expect(map({ repeat: { every: 500, limit: 2 } }).options.repeat).toEqual({ every: 500, limit: 2 });
  });

  it.each<[string, unknown]>([
    ['priority', { priority: 11 }],
    ['priority', { priority: 'HIGH' }],
    ['priority', { priority: Number.NaN }],
    ['delay', { delay: -1 }],
    ['delay', { delay: Number.POSITIVE_INFINITY }],
    ['attempts', { attempts: 0 }],
    ['timeoutMs', { timeoutMs: '5' }],
    ['deadlineMs', { deadlineMs: 0 }],
    ['jobId', { jobId: 'active' }],
    ['jobId', { jobId: 5 }],
    ['correlationId', { correlationId: 7 }],
    ['metadata.x', { metadata: { x: null } }],
    ['idempotencyKey', { idempotencyKey: '' }],
    ['ttl', { idempotencyKey: 'k', ttl: 0 }],
    ['ttl', { ttl: 5 }],
    ['delay', { delay: 5, repeat: { every: 5_000 } }],
    ['idempotencyKey', { idempotencyKey: 'k', repeat: { every: 5_000 } }],
    ['repeat.cron', { repeat: { cron: '99 * * * *' } }],
    ['repeat.key', { repeat: { every: 5_000, key: 'x' } }],
    ['options', null],
    ['options', 'high'],
  ])('refuses a wrong %s: %j', (path, options) => {
    const act = (): unknown => map(options);
    expect(act).toThrow(InvalidJobOptionsError);
    expect(act).toThrow(expect.objectContaining({ issues: [expect.objectContaining({ path })] }) as Error);
  });

  it('reports all at once and guesses what was meant', () => {
    const act = (): unknown => map({ priorty: 5, dely: 5, attempts: 1.5 });
    expect(act).toThrow(/Did you mean "priority"/);
    expect(act).toThrow(/Did you mean "delay"/);
    expect(act).toThrow(/attempts/);
  });
});
