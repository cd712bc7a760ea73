import { definition, failed, Stage } from '../../../test/support/job-executor-fixture.js';
import { ChannelSettingsError, DestinationBusyError } from '../ports/destination-errors.js';
import { NotificationSendError } from '../ports/notifications/notification-channel.js';
import type { Settlement } from '../jobs/settlement.js';
import { TakenJob } from '../jobs/taken-job.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Runs a job whose handler throws, some time after it was first told to wait. */
function runAfter(
  error: Error,
  waitedMs: number | null,
  { attemptsMade = 0, replayedAgoMs }: { attemptsMade?: number; replayedAgoMs?: number } = {},
): Promise<Settlement> {
  const stage = new Stage();
  stage.handle = () => Promise.reject(error);
  const now = stage.clock.now();
  const replays = replayedAgoMs === undefined ? [] : [{ at: now - replayedAgoMs, by: 'ops' }];
  const { job } = stage.take({ attemptsMade, opts: { mq: { replays } } });
  const since = waitedMs === null ? undefined : now - waitedMs;
  return stage.executor.run(new TakenJob(job, [], job.opts, undefined, since), definition);
}

/** For how long it is put off; what else becomes of it. */
function delayOf(settlement: Settlement): number | string {
  return settlement.kind === 'deferred' ? settlement.delayMs : settlement.kind;
}

describe('a destination that takes nothing for now', () => {
  it('is left alone for a minute, then half as long as it has been waited for, an hour at most', async () => {
    const waited = [null, 0, MINUTE, 4 * MINUTE, HOUR, 3 * HOUR, 23 * HOUR];
    const delays = await Promise.all(
      waited.map(async (ms) => delayOf(await runAfter(new DestinationBusyError('451'), ms))),
    );
    expect(delays).toEqual([MINUTE, MINUTE, MINUTE, 2 * MINUTE, HOUR / 2, HOUR, HOUR]);
  });

  it('is asked after 5 minutes at least twice, and within the hour more often', async () => {
    const asked: number[] = [];
    for (let waited = 0; waited <= HOUR;) {
      asked.push(waited);
      waited += Number(delayOf(await runAfter(new DestinationBusyError('451'), waited)));
    }
    expect(asked.filter((at) => at >= 5 * MINUTE).length).toBeGreaterThanOrEqual(4);
    expect(asked.length).toBeLessThan(15);
  });

  it('is left alone for as long as it asks, within its patience', async () => {
    const busy = (ms: number, patienceMs?: number) => new DestinationBusyError('Retry-After', ms, patienceMs);
    const delays = [
      runAfter(busy(5_000), null),
      runAfter(busy(0), null),
      runAfter(busy(Number.NaN), null),
      runAfter(busy(2 * DAY), HOUR),
      runAfter(busy(2 * DAY, 7 * DAY), HOUR),
    ];
    expect((await Promise.all(delays)).map(delayOf)).toEqual([5_000, 1_000, MINUTE, 23 * HOUR, 2 * DAY]);
  });

  it('counts as any other error once its patience is over, looked at a last time then', async () => {
    const busy = new DestinationBusyError('451', null, HOUR);
    expect(delayOf(await runAfter(busy, HOUR - 700))).toBe(700);
    expect(await failed(runAfter(busy, HOUR))).toMatchObject({ retryDelayMs: expect.any(Number) as number });
    expect(await failed(runAfter(busy, HOUR, { attemptsMade: 2 }))).toMatchObject({ retryDelayMs: null });
  });

  it('is waited for anew after a replay', async () => {
    expect(delayOf(await runAfter(new DestinationBusyError('451'), 3 * DAY, { replayedAgoMs: 5 }))).toBe(
      MINUTE,
    );
  });
});

describe('a service that refuses our settings', () => {
  it('is asked again every minute, however long that takes', async () => {
    const wrong = new ChannelSettingsError('535');
    for (const waited of [null, HOUR, 300 * DAY]) {
      const settlement = await runAfter(wrong, waited, { attemptsMade: 2 });
      expect(settlement).toMatchObject({ kind: 'deferred', delayMs: MINUTE });
      expect(settlement).not.toHaveProperty('blockedBy');
    }
  });

  it('is what its jobs wait for, once a breaker counted it', async () => {
    const wrong = new ChannelSettingsError('535');
    wrong.dependency = 'notification:email';
    expect(await runAfter(wrong, null)).toMatchObject({ blockedBy: 'notification:email' });
  });
});

describe('a service that is away', () => {
  const away = new NotificationSendError('ECONNREFUSED');

  it('costs the first attempts as any error does', async () => {
    for (const attemptsMade of [0, 1]) {
      const spent = await failed(runAfter(away, null, { attemptsMade }));
      expect(spent.retryDelayMs).toEqual(expect.any(Number));
    }
  });

  it('costs the last one only when it has been away for a day after them', async () => {
    const last = { attemptsMade: 2 };
    expect(delayOf(await runAfter(away, null, last))).toBe(MINUTE);
    expect(delayOf(await runAfter(away, 10 * MINUTE, last))).toBe(5 * MINUTE);
    expect(delayOf(await runAfter(away, DAY - 1, last))).toBe(1);
    expect(await failed(runAfter(away, DAY, last))).toMatchObject({ retryDelayMs: null });
  });

  it('is no rule for other errors', async () => {
    const other = await failed(runAfter(new Error('away'), null, { attemptsMade: 2 }));
    expect(other.retryDelayMs).toBeNull();
  });
});
