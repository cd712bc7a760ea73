import type { Clock } from '../../../../../kernel/time/clock.js';
import { costOf } from '../../../../jobs/flow/rate-bucket.js';
import type { SharedRate } from '../../../../jobs/flow/rate.js';
import { askForStart, endOfLine, RESERVED_FOR_MS } from '../../../../jobs/flow/reserved-start.js';
import type { ReservedLine } from '../../../../jobs/flow/reserved-start.js';
import type { SharedRates } from '../../../shared-rates.js';
import type { RateBuckets } from './rate-buckets.js';

/** Who is in line for a rate, by the ids of the jobs, in the order in which they joined. */
interface Line extends ReservedLine {
  readonly jobs: Map<string, number>;
}

/** The starts of shared rates that jobs of one broker ask for while they run, from the buckets that its queues share. */
export class MemoryRates implements SharedRates {
  private readonly lines = new Map<string, Line>();

  constructor(
    private readonly buckets: RateBuckets,
    private readonly clock: Clock,
  ) {}

  async reserve(rate: SharedRate, jobId: string): Promise<number> {
    const now = this.nowUs();
    const line = this.lineOf(rate, now);
    const bucket = bucketOf(rate);
    const answer = askForStart(
      this.buckets.look(bucket, now, rate),
      line.jobs.get(jobId),
      line.end,
      now,
      rate,
    );
    const starts = answer.kind === 'starts';
    const joins = !starts && answer.joins;
    if (starts || joins) line.jobs.delete(jobId);
    if (joins) line.jobs.set(jobId, answer.at);
    this.lines.set(rate.name, joins ? { ...line, end: answer.at + line.step } : line);
    this.buckets.spend(bucket, now, rate, starts ? 1 : 0, !starts || line.end > now);
    this.forget(rate.name, now);
    return starts ? 0 : Math.max(1, Math.ceil((answer.at - now) / 1_000));
  }

  async close(rate: SharedRate, ms: number): Promise<void> {
    this.buckets.close(bucketOf(rate), this.nowUs(), rate, ms);
  }

  private lineOf(rate: SharedRate, now: number): Line {
    const step = costOf(rate, 1);
    const line = this.lines.get(rate.name);
    if (line === undefined) return { end: now, step, jobs: new Map() };
    return { end: endOfLine(line, now, rate), step, jobs: line.jobs };
  }

  /** Jobs that never came are in front of the others. */
  private forget(name: string, now: number): void {
    const line = this.lines.get(name);
    if (line === undefined) return;
    for (const [id, at] of line.jobs) {
      if (at + RESERVED_FOR_MS * 1_000 > now) break;
      line.jobs.delete(id);
    }
    if (line.jobs.size === 0 && line.end <= now) this.lines.delete(name);
  }

  private nowUs(): number {
    return Math.round(this.clock.now() * 1_000);
  }
}

function bucketOf({ name }: SharedRate): string {
  return `s:${name}`;
}
