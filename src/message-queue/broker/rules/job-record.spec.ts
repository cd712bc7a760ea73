import { CancelledError } from '../../jobs/errors.js';
import { packedRecord } from '../../admission/stored-failures.js';
import { FAILURE_BYTES, withCancellation, withFailure, withReplay } from './job-record.js';
import type { FailureRecord, ManagedJobRecord } from '../../jobs/managed-job.js';
import type { FailedSettlement } from '../../jobs/settlement.js';

const failure = (at: number, kind: FailureRecord['kind'] = 'error', message = 'no'): FailureRecord => ({
  ...{ at, kind, attempt: at, error: 'Error' },
  message,
});
const ended = (at: number, over: Partial<FailedSettlement> = {}): FailedSettlement => ({
  ...{ kind: 'failed', error: new Error('no'), retryDelayMs: null, failure: failure(at) },
  ...over,
});
const times = (entries: readonly { at: number }[] = []): number[] => entries.map(({ at }) => at);
const many = Array.from({ length: 25 }, (_, n) => n);

describe('withFailure', () => {
  it('appends to what is there and leaves the given record alone', () => {
    const record = Object.freeze({ correlationId: 'c', failures: Object.freeze([failure(1)]) });
    expect(withFailure(record, ended(2), 9)).toEqual({
      correlationId: 'c',
      failures: [failure(1), failure(2)],
    });
  });

  it('keeps the twenty newest', () => {
    const record = many.reduce<ManagedJobRecord>((one, at) => withFailure(one, ended(at), at), {});
    expect(times(record.failures)).toEqual(many.slice(5));
  });

  it.each([1, 3, 5, 12, 25])('cuts the messages of %i different failures until they fit', (count) => {
    const texts = ['x'.repeat(2_000), 'é\n\u0007😀'.repeat(500), '\ud83d'.repeat(300)];
    for (const text of texts) {
      const record = many.slice(0, count).reduce<ManagedJobRecord>((one, at) => {
        const other = {
          failure: { ...failure(1_764_000_000_000 + at, 'error', `${at} ${text}`), stack: text },
        };
        return withFailure(one, ended(at, other), at);
      }, {});
      const kept = record.failures ?? [];
      expect(kept.at(-1)?.attempt).toBe(1_764_000_000_000 + count - 1);
      expect(kept.length).toBeGreaterThanOrEqual(Math.min(count, 4));
      expect(kept.every(({ message, stack }) => message.endsWith('…') && stack === undefined)).toBe(true);
      expect(Buffer.byteLength(JSON.stringify(packedRecord(record)))).toBeLessThanOrEqual(FAILURE_BYTES + 20);
    }
  });

  it.each([1, 5, 25])(
    'keeps the sealed text of the newest failure only, beside the rest: %i failures',
    (count) => {
      const sealed = 's'.repeat(2_000);
      const message = 'x'.repeat(2_000);
      const record = many.slice(0, count).reduce<ManagedJobRecord>((one, at) => {
        const failed = { ...failure(at, 'error', `${at} ${message}`), sealed: `${sealed}${at}` };
        return withFailure(one, ended(at, { failure: failed }), at);
      }, {});
      expect(record.failures?.flatMap((one) => one.sealed ?? [])).toEqual([`${sealed}${count - 1}`]);
      expect(Buffer.byteLength(JSON.stringify(packedRecord(record)))).toBeLessThanOrEqual(
        FAILURE_BYTES + 2_030,
      );

      const cancelled = withCancellation(record, 99, 'not needed', 99).failures ?? [];
      expect(cancelled.at(-1)).not.toHaveProperty('sealed');
      expect(cancelled.at(-2)?.sealed).toBe(`${sealed}${count - 1}`);
    },
  );

  it('takes crashes in once, before the failure', () => {
    const crashes = [failure(1, 'crash'), failure(2, 'crash')];
    const once = withFailure({}, ended(3), 9, crashes);
    expect(times(once.failures)).toEqual([1, 2, 3]);
    expect(times(withFailure(once, ended(5), 9, [...crashes, failure(4, 'crash')]).failures)).toEqual([
      1, 2, 3, 4, 5,
    ]);
  });

  it('says that a cancelled run was cancelled, and why', () => {
    const error = new CancelledError('not needed');
    const cancelled = { error, failure: failure(3, 'cancelled', error.message) };
    expect(withFailure({}, ended(3, cancelled), 9).cancelled).toEqual({ at: 9, reason: 'not needed' });
    expect(withFailure({}, ended(3), 9)).not.toHaveProperty('cancelled');
  });
});

describe('withCancellation', () => {
  it('counts as the next attempt’s failure', () => {
    expect(withCancellation({ failures: [failure(1)] }, 2, 'not needed', 7)).toEqual({
      failures: [
        failure(1),
        {
          ...{ at: 7, attempt: 3, kind: 'cancelled', error: 'JOB_CANCELLED' },
          message: 'The job was cancelled: not needed',
        },
      ],
      cancelled: { at: 7, reason: 'not needed' },
    });
    const full = { failures: many.map((at) => failure(at)) };
    expect(times(withCancellation(full, 24, 'r', 99).failures)).toEqual([...many.slice(6), 99]);
  });
});

describe('withReplay', () => {
  it('takes a cancellation back, keeps the failures, and the newest replays that fit', () => {
    const cancelled = withCancellation({ correlationId: 'c' }, 0, 'r', 1);
    const record = many.reduce((one, at) => withReplay(one, { at, by: 'ann' }), cancelled);
    expect(record).not.toHaveProperty('cancelled');
    expect(record).toMatchObject({ correlationId: 'c', failures: cancelled.failures });
    expect(times(record.replays)).toEqual(many.slice(-9));
    const long = { at: 1, by: 'x'.repeat(200) };
    expect(withReplay(record, long).replays).toEqual([long]);
  });
});
