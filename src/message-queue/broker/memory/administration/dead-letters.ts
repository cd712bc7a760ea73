import { withReplay } from '../../rules/job-record.js';
import type { ReplayRecord } from '../../../jobs/managed-job.js';
import type { FailedJob, FailedRange, FailedSweep, LetterTarget } from '../../broker.js';
import { rangeOf } from '../bull/queue/job-ranges.js';
import type { ManagedMemoryQueue } from '../managed-memory-queue.js';
import { applyRetention, dropExcess } from '../store/job-retention.js';
import type { QueueEngine } from '../store/queue-engine.js';
import { fullOptions } from '../store/stored-job.js';
import type { StoredJob } from '../store/stored-job.js';

/** As on Redis, where a fleet tells it once. */
const REPORT_EVERY_MS = 55_000;

/** What was last told of the letters that a queue dropped. */
interface Told {
  readonly dropped: number;
  readonly at: number;
}

/** Reads and changes the failed sets of queues. */
export class DeadLetters {
  private readonly told = new WeakMap<QueueEngine, Told>();

  read({ engine }: ManagedMemoryQueue, { order, start, size, payloads }: FailedRange): FailedJob[] {
    const jobs = rangeOf(engine, 'failed', start, start + size - 1, order === 'oldest');
    return jobs.map((job) => toFailedJob(job, payloads));
  }

  /** @returns the ids that were replayed */
  replay(
    { engine }: ManagedMemoryQueue,
    jobs: readonly LetterTarget[],
    replay: ReplayRecord,
  ): ReadonlySet<string> {
    const ids = jobs.map(({ id }) => id);
    return new Set(ids.filter((id) => replayOne(engine, id, replay)));
  }

  sweep({ engine, definition }: ManagedMemoryQueue, step: number): FailedSweep {
    const { store, events, clock } = engine;
    const now = clock.now();
    const before = now - definition.retention.failedAgeMs;
    const removed: string[] = [];
    for (const job of store.failed) {
      if (removed.length >= step || (job.history?.finishedOn ?? 0) >= before) break;
      if (job.membership?.parks === true) continue;
      removed.push(job.id);
      store.drop(job);
    }
    removed.push(...dropExcess(store, step - removed.length, now));
    applyRetention(store, 'expired', store.expiredLimit, now);
    if (removed.length > 0) events.emit('cleaned', removed, 'failed');
    return { removed: removed.length, dropped: this.untold(engine, now) };
  }

  /** @returns the ids that were removed */
  async discard(queue: ManagedMemoryQueue, jobs: readonly LetterTarget[]): Promise<ReadonlySet<string>> {
    const removed = new Set<string>();
    for (const { id, version } of jobs) {
      const job = await queue.getJob(id);
      const stored = queue.engine.store.jobs.get(id);
      if (job === null || stored?.state !== 'failed') continue;
      if (version !== undefined && version !== versionOf(stored)) continue;
      await job.remove();
      removed.add(id);
    }
    return removed;
  }

  private untold(engine: QueueEngine, now: number): number {
    const { failedDropped } = engine.store;
    const told = this.told.get(engine) ?? { dropped: 0, at: Number.NEGATIVE_INFINITY };
    if (failedDropped === told.dropped || now - told.at < REPORT_EVERY_MS) return 0;
    this.told.set(engine, { dropped: failedDropped, at: now });
    return failedDropped - told.dropped;
  }
}

/** Puts a dead letter back to waiting, with no attempt spent. @returns false when it is none */
export function replayOne(engine: QueueEngine, id: string, replay: ReplayRecord): boolean {
  const stored = engine.store.jobs.get(id);
  if (stored?.state !== 'failed') return false;
  stored.options = { ...stored.options, mq: withReplay(stored.options.mq ?? {}, replay) };
  stored.attemptsMade = 0;
  const { logs } = stored.remember();
  stored.history = null;
  Object.assign(stored.remember(), { logs, retriedOn: engine.clock.now() });
  engine.store.measure(stored);
  engine.place(stored, null, 'lane-end');
  engine.events.publishWaiting(id);
  return true;
}

/** Each time that a job fails it comes to the failed set anew. */
function versionOf({ sequence }: StoredJob): string {
  return String(sequence);
}

function toFailedJob(stored: StoredJob, payloads: boolean): FailedJob {
  const { id, name, data, timestamp, history, attemptsMade } = stored;
  return {
    id,
    version: versionOf(stored),
    name,
    data: payloads ? (JSON.parse(data) as unknown) : undefined,
    opts: fullOptions(stored),
    timestamp,
    processedOn: history?.processedOn,
    finishedOn: history?.finishedOn,
    attemptsMade,
    failedReason: history?.failedReason,
    stacktrace: [...(history?.stacktrace ?? [])],
  };
}
