import type {
  ActivityBatch,
  ActivitySeries,
  AnnouncedQueue,
  Heartbeat,
} from '../../broker/activity-store.js';
import type { ActivityStore } from '../../broker/activity-store.js';
import { COUNTER_AT, emptyRecord } from '../../jobs/activity/activity-record.js';
import type { ActivityRecord } from '../../jobs/activity/activity-record.js';
import type { SeriesCounts } from '../../jobs/activity/process-activity.js';

/** What a reporter tells, and to whom. */
export interface ReporterParts {
  readonly store: ActivityStore;
  /** What was counted of the queues of this broker. */
  readonly series: () => readonly SeriesCounts[];
  readonly heartbeat: () => Heartbeat;
  readonly announced: () => readonly AnnouncedQueue[];
  /** A batch was answered: its changes are counted for good. @param at by the broker's clock */
  readonly onFlushed: (series: readonly ActivitySeries[], at: number) => void;
}

/**
 * Adds what this process counts to what one broker keeps for all processes. What was counted is sent as the change since the batch before; a
 * batch that was not answered is sent again unchanged, under its own number, and what is counted meanwhile goes with the next one, so that
 * nothing counts twice and nothing is lost. It remembers one batch and one record per series, however long the broker is away.
 */
export class ActivityReporter {
  /** What was put into batches so far. */
  private readonly told = new Map<SeriesCounts, ActivityRecord>();
  private unanswered: ActivityBatch | null = null;
  private lastSeq = 0;
  private announces = true;
  private current: Promise<void> | null = null;
  private next: Promise<void> | null = null;

  constructor(private readonly parts: ReporterParts) {}

  /** Whether something was counted that the broker has not confirmed. */
  get isBehind(): boolean {
    return this.unanswered !== null || this.parts.series().some((series) => this.hasChanged(series));
  }

  /**
   * Sends everything that was counted until now, and that the process lives. Those that ask while a flush is under way share the next one.
   * @throws what the store throws; the same is sent again with the next call
   */
  flush(): Promise<void> {
    return (this.next ??= this.afterCurrent());
  }

  private async afterCurrent(): Promise<void> {
    // A failure of that one is heard by those who asked for it.
    await this.current?.catch(() => undefined);
    this.next = null;
    this.current = this.send();
    await this.current;
  }

  private async send(): Promise<void> {
    if (this.unanswered !== null) await this.deliver(this.unanswered);
    this.unanswered = this.batch();
    await this.deliver(this.unanswered);
  }

  private async deliver(batch: ActivityBatch): Promise<void> {
    const { at, announceAgain } = await this.parts.store.flush(batch);
    this.unanswered = null;
    this.announces = announceAgain;
    this.parts.onFlushed(batch.series, at);
  }

  private batch(): ActivityBatch {
    const { heartbeat, announced, series } = this.parts;
    this.lastSeq += 1;
    return {
      seq: this.lastSeq,
      heartbeat: heartbeat(),
      announced: this.announces ? announced() : [],
      series: series().flatMap((one) => this.changeOf(one) ?? []),
    };
  }

  private changeOf(series: SeriesCounts): ActivitySeries | null {
    if (!this.hasChanged(series)) return null;
    const told = this.told.get(series) ?? emptyRecord();
    const record = emptyRecord();
    for (let i = 0; i < record.length; i++) {
      const value = shown(series.record, i);
      record[i] = value - (told[i] as number);
      told[i] = value;
    }
    this.told.set(series, told);
    return { queue: series.queue, job: series.job, record };
  }

  private hasChanged(series: SeriesCounts): boolean {
    const told = this.told.get(series);
    if (told === undefined) return true;
    for (let i = 0; i < told.length; i++) if (shown(series.record, i) !== told[i]) return true;
    return false;
  }
}

/** Sums of times are told as whole milliseconds; what is left of one stays in the sum, and goes with a later batch. */
function shown(record: ActivityRecord, i: number): number {
  const value = record[i] as number;
  return i === COUNTER_AT.waitMs || i === COUNTER_AT.runMs ? Math.floor(value) : value;
}
