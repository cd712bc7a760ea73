import type { ActivityBatch, ActivityStore, FlushAnswer } from '../../broker/activity-store.js';
import { COUNTER_AT, emptyRecord, addRecord } from '../../jobs/activity/activity-record.js';
import { ProcessActivity } from '../../jobs/activity/process-activity.js';
import { ActivityReporter } from './activity-reporter.js';

/** A store that counts as the real ones do, and whose replies get lost when a test says so. */
class LossyStore {
  readonly sum = emptyRecord();
  readonly batches: ActivityBatch[] = [];
  isAway = false;
  losesReply = (): boolean => false;
  private lastSeq = 0;

  async flush(batch: ActivityBatch): Promise<FlushAnswer> {
    await Promise.resolve();
    if (this.isAway) throw new Error('away');
    this.batches.push(batch);
    const isNew = batch.seq > this.lastSeq;
    if (isNew) for (const { record } of batch.series) addRecord(this.sum, record);
    this.lastSeq = Math.max(this.lastSeq, batch.seq);
    if (this.losesReply()) throw new Error('no reply');
    return { isNew, at: 1, announceAgain: false };
  }
}

describe('ActivityReporter', () => {
  const activity = new ProcessActivity([{ name: 'mail', jobs: { send: class {} } }]);
  const counts = activity.of('mail', 'send');
  let store: LossyStore;
  let reporter: ActivityReporter;
  let told: number;
  const added = (): number => store.sum[COUNTER_AT.added] as number;
  const counted = counts.record;

  beforeEach(() => {
    counted.fill(0);
    store = new LossyStore();
    told = 0;
    reporter = new ActivityReporter({
      store: store as unknown as ActivityStore,
      series: () => activity.series,
      heartbeat: () => ({ id: 'me' }) as never,
      announced: () => [{ name: 'mail' } as never],
      onFlushed: (series) => {
        for (const { record } of series) told += record[COUNTER_AT.added] as number;
      },
    });
  });

  it('sends what changed since the last time, and announces its queues with the first', async () => {
    counts.added();
    await reporter.flush();
    await reporter.flush();
    counts.added();
    counts.started(2.75, 0);
    counts.started(2.75, 0);
    await reporter.flush();
    expect(store.batches.map(({ seq, series, announced }) => [seq, series.length, announced.length])).toEqual(
      [
        [1, 1, 1],
        [2, 0, 0],
        [3, 1, 0],
      ],
    );
    expect(added()).toBe(2);
    // Whole milliseconds: the half that is left goes with a later one.
    expect(store.sum[COUNTER_AT.waitMs]).toBe(5);
    counts.started(0.5, 0);
    await reporter.flush();
    expect(store.sum[COUNTER_AT.waitMs]).toBe(6);
    expect(reporter.isBehind).toBe(false);
  });

  it('counts exactly although a thousand replies are lost', async () => {
    let lost = 0;
    store.losesReply = () => Math.random() < 0.5 && (lost += 1) <= 1_000;
    let done = 0;
    for (let i = 0; lost < 1_000; i++) {
      for (let n = 0; n < (i % 5) + 1; n++, done++) counts.added();
      await reporter.flush().catch(() => undefined);
    }
    store.losesReply = () => false;
    await reporter.flush();
    expect([added(), told]).toEqual([done, done]);
    expect(reporter.isBehind).toBe(false);
  });

  it('sends a batch without an answer again as it was, and what was counted meanwhile behind it', async () => {
    counts.added();
    store.losesReply = () => true;
    await expect(reporter.flush()).rejects.toThrow('no reply');
    counts.added();
    counts.added();
    store.losesReply = () => false;
    await reporter.flush();
    const [first, again, next] = store.batches;
    expect(again).toBe(first);
    expect(next?.seq).toBe(2);
    expect(next?.series[0]?.record[COUNTER_AT.added]).toBe(2);
    expect(added()).toBe(3);
  });

  it('keeps one batch however long the store is away', async () => {
    store.isAway = true;
    for (let i = 0; i < 500; i++) {
      counts.added();
      await expect(reporter.flush()).rejects.toThrow('away');
    }
    store.isAway = false;
    await reporter.flush();
    expect(store.batches.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(added()).toBe(500);
  });

  it('lets those who ask meanwhile share the next flush', async () => {
    const first = reporter.flush();
    counts.added();
    const others = [reporter.flush(), reporter.flush(), reporter.flush()];
    await Promise.all([first, ...others]);
    expect(added()).toBe(1);
    expect(store.batches.length).toBeLessThanOrEqual(2);
    // One that comes while a flush is under way does not take that one for its own.
    const under = reporter.flush();
    await Promise.resolve().then(() => undefined);
    counts.added();
    await reporter.flush();
    await under;
    expect(added()).toBe(2);
  });
});
