import { begun, caredFor, upserted } from './schedule-changes.js';
import { memberOf, runOf } from './schedule-record.js';
import type { ScheduleRecord, StoredSchedule } from './schedule-record.js';

const NOW = Date.UTC(2026, 0, 1);
const TIME = { now: NOW, minRepeatMs: 1_000 };

function stored(repeat: ScheduleRecord['repeat'], over: Partial<ScheduleRecord> = {}): StoredSchedule {
  const record: ScheduleRecord = { name: 'job', data: '{}', options: {}, repeat, runs: 0, ...over };
  const member = memberOf('job', repeat);
  return { key: member, record, member, nextAt: NOW };
}

function runningJob({ record }: StoredSchedule): Parameters<typeof begun>[1] {
  const { id, name, data, options } = runOf(record as ScheduleRecord, NOW, NOW);
  return { id, name, data, opts: options };
}

describe('what a schedule becomes', () => {
  it('runs no more often than the floor, whatever came in below it', () => {
    for (const repeat of [{ every: 1 }, { every: 300 }, { cron: '* * * * * *', tz: 'UTC' }]) {
      const schedule = stored(repeat);
      const change = begun(schedule, runningJob(schedule), { ...TIME, minRepeatMs: 5_000 });
      expect(change?.nextAt).toBeGreaterThanOrEqual(NOW + 5_000);
      expect(change?.nextAt).toBeLessThan(NOW + 6_500);
    }
  });

  it('is known from the run of a version before, and goes on counting there', () => {
    const known = stored({ every: 60_000, limit: 9 }, { runs: 4 });
    const bare = { ...known, record: null };
    expect(begun(bare, runningJob(known), TIME)).toMatchObject({
      to: { runs: 5, last: { dueAt: NOW }, repeat: { every: 60_000, limit: 9 } },
      nextAt: NOW + 60_000,
    });
  });

  it('does not come back for a run that was on its way when it was removed', () => {
    const known = stored({ every: 60_000 });
    expect(begun({ ...known, record: null, nextAt: null }, runningJob(known), TIME)).toBeNull();
    expect(caredFor({ ...known, nextAt: null }, 'gone', TIME)).toMatchObject({ to: null, nextAt: null });
  });

  it('ends rather than spin when its times cannot be read', () => {
    const broken = stored({ cron: 'no cron' });
    expect(begun(broken, runningJob(broken), TIME)).toMatchObject({
      to: { ended: { why: 'unreadable' } },
      nextAt: null,
    });
  });

  it('keeps a run that is due when its times change', () => {
    const known = stored({ every: 60_000, jobId: 'mq-host.a' });
    const wanted = { key: 'a', name: 'job', data: '{}', options: {}, repeat: { every: 90_000 } };
    expect(upserted(known, wanted, TIME)).toMatchObject({ addition: 'updated', change: { nextAt: NOW } });
  });

  it('is not touched by the retry of a run that it had in an earlier life', () => {
    const before = stored({ every: 60_000 }, { runs: 6 });
    const wanted = { key: before.key, name: 'job', data: '{}', options: {}, repeat: { every: 60_000 } };
    const made = upserted(null, wanted, TIME);
    const anew: StoredSchedule = { ...before, record: made.change.to, nextAt: made.change.nextAt };
    const old = runOf(before.record as ScheduleRecord, NOW - 60_000, NOW - 90_000);
    expect(begun(anew, { ...old, opts: old.options }, TIME)).toBeNull();
  });

  it('follows plain Bull, which removes a schedule and adds it again with other data', () => {
    const known = stored({ every: 60_000, limit: 9 }, { runs: 4, last: { dueAt: NOW - 60_000, jobId: 'r' } });
    const added = runOf(stored({ every: 60_000 }, { data: '{"n":2}' }).record as ScheduleRecord, NOW, NOW);
    const change = begun(known, { ...added, opts: { ...added.options, attempts: 2 } }, TIME);
    expect(change?.to).toMatchObject({ data: '{"n":2}', options: { attempts: 2 }, runs: 5 });
    expect(change?.to?.repeat.limit).toBeUndefined();
    const own = runningJob(known);
    expect(begun(known, { ...own, data: '{"n":3}' }, TIME)?.to).toMatchObject({ data: '{}', runs: 5 });
  });

  it.each([
    ['paused', { pausedAt: NOW - 1 }],
    ['removed', { isDeclared: true as const, ended: { at: NOW - 1, why: 'removed' as const } }],
    ['at its limit', { ended: { at: NOW - 1, why: 'limit' as const } }],
  ])('has no run that others plan while it is %s', (_what, over) => {
    const planned = stored({ every: 60_000 }, over);
    expect(caredFor(planned, 'delayed', TIME)).toMatchObject({ to: planned.record, nextAt: null });
    expect(begun(planned, runningJob(planned), TIME)?.nextAt).toBeNull();
  });
});
