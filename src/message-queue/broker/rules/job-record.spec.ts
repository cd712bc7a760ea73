import { CancelledError } from '../../jobs/errors.js';
import { withCancellation, withFailure, withReplay } from './job-record.js';
import type { FailureRecord, ManagedJobRecord } from '../../jobs/managed-job.js';
import type { FailedSettlement } from '../../jobs/settlement.js';

const failure = (at: number, kind: FailureRecord['kind'] = 'error'): FailureRecord => ({
  ...{ at, kind, attempt: 1, error: 'Error' },
  message: `at ${at}`,
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

  it('takes crashes in once, before the failure', () => {
    const crashes = [failure(1, 'crash'), failure(2, 'crash')];
    const once = withFailure({}, ended(3), 9, crashes);
    expect(times(once.failures)).toEqual([1, 2, 3]);
    expect(times(withFailure(once, ended(5), 9, [...crashes, failure(4, 'crash')]).failures)).toEqual([
      1, 2, 3, 4, 5,
    ]);
  });

  it('says that a cancelled run was cancelled, and why', () => {
    const cancelled = { error: new CancelledError('not needed'), failure: failure(3, 'cancelled') };
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
    expect(times(withCancellation(full, 0, 'r', 99).failures)).toEqual([...many.slice(6), 99]);
  });
});

describe('withReplay', () => {
  it('takes a cancellation back, keeps the failures, and the twenty newest replays', () => {
    const cancelled = withCancellation({ correlationId: 'c' }, 0, 'r', 1);
    const record = many.reduce((one, at) => withReplay(one, { at, by: 'ann' }), cancelled);
    expect(record).not.toHaveProperty('cancelled');
    expect(record).toMatchObject({ correlationId: 'c', failures: cancelled.failures });
    expect(times(record.replays)).toEqual(many.slice(5));
  });
});
