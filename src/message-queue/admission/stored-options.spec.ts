import { admit, NOW, settings } from '../../../test/support/admission-fixture.js';
import type { ManagedJobOptions } from '../jobs/managed-job.js';
import { compactOptions, fullOptions, ordinaryOptions } from './stored-options.js';

const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  jobId: ['mine', undefined],
  priority: [1, 6, 10, 2_000, undefined],
  delay: [0, 250, undefined],
  attempts: [1, settings.attempts, undefined],
  backoff: [0, 100, { type: 'exponential', delay: 5 }, undefined],
  removeOnComplete: [true, false, 0, 5, settings.retention.completedCount, { age: 60 }, undefined],
  stackTraceLimit: [1, 3, undefined],
  lifo: [true, false, undefined],
  timestamp: [5, undefined],
  debounce: [{ id: 'd', ttl: 5 }, undefined],
  repeat: [{ every: 5_000 }, undefined, undefined, undefined],
  mq: [{ correlationId: 'c' }, { timeoutMs: 5, metadata: { a: 1 } }, undefined],
};

function anyOptions(): ManagedJobOptions {
  const chosen = Object.entries(CHOICES).map(([name, values]) => [
    name,
    values[Math.floor(Math.random() * values.length)],
  ]);
  const options = Object.fromEntries(chosen) as ManagedJobOptions;
  if (options.repeat === undefined) return options;
  const { debounce: _debounce, timestamp: _timestamp, lifo: _lifo, delay: _delay, ...ofSchedule } = options;
  return ofSchedule;
}

/** What Redis keeps of admitted options, and its other fields. */
function stored(given: ManagedJobOptions) {
  const { options } = admit(given);
  const full = { ...options, delay: options.delay ?? 0 };
  const fields = {
    id: String(options.jobId ?? 'repeat:1'),
    timestamp: options.timestamp ?? 0,
    priority: options.priority ?? 0,
  };
  const text = JSON.stringify(compactOptions(settings, full, fields));
  return { full, fields, text };
}

describe('options as they are stored', () => {
  it('are the attempts for an ordinary job, which plain Bull would take for 1', () => {
    const { attempts } = settings;
    const ordinary = ordinaryOptions(settings);
    expect(JSON.parse(ordinary)).toEqual({ attempts, mq: { defaultAttempts: true } });
    expect(stored({}).text).toBe(ordinary);
    expect(stored({ priority: 1 }).text).toBe(ordinary);
    expect(JSON.parse(stored({ priority: 6, mq: { correlationId: 'c' } }).text)).toEqual({
      attempts,
      mq: { correlationId: 'c', defaultAttempts: true },
    });
  });

  it('read back as they were, whatever they are', () => {
    for (let i = 0; i < 5_000; i++) {
      const { full, fields, text } = stored(anyOptions());
      const read = fullOptions(settings, JSON.parse(text) as ManagedJobOptions, fields);
      expect(read).toEqual(full);
      // So it is after each failure and each replay.
      expect(JSON.stringify(compactOptions(settings, read, fields))).toBe(text);
    }
  });

  it('follow the queue where its definition said everything', () => {
    const changed = { ...settings, attempts: 9, backoff: { type: 'fixed', delayMs: 7 } } as const;
    const { fields, text } = stored({});
    const { attempts, backoff, mq } = fullOptions(changed, JSON.parse(text) as ManagedJobOptions, fields);
    expect([attempts, mq]).toEqual([9, { defaultAttempts: true }]);
    expect(backoff).toEqual({ type: 'mq', delay: 7, options: { type: 'fixed', delayMs: 7 } });
    const own = stored({ attempts: settings.attempts, backoff: 20 });
    const read = fullOptions(changed, JSON.parse(own.text) as ManagedJobOptions, own.fields);
    expect([read.attempts, read.backoff]).toEqual([settings.attempts, { type: 'fixed', delay: 20 }]);
  });

  it('of plain Bull and of versions before stay as they are', () => {
    const fields = { id: '7', timestamp: 5, priority: 0 };
    const bulls = { attempts: 1, delay: 0, timestamp: 5 };
    expect(fullOptions(settings, bulls, fields)).toEqual(bulls);
    expect(compactOptions(settings, bulls, fields)).toEqual(bulls);
    const { options } = admit({ jobId: '7a' });
    expect(fullOptions(settings, options, { ...fields, timestamp: NOW })).toEqual(options);
    const before = { ...options, attempts: settings.attempts + 1, delay: 0 };
    expect(compactOptions(settings, before, { id: '7a', timestamp: NOW, priority: 0 })).toEqual(before);
  });
});
