import { messageKind } from '../../kernel/logging/message-kind.js';
import type { ManagedQueues } from '../broker/managed-queues.js';
import { headOf } from './dead-letter.js';
import type { LetterHead } from './dead-letter.js';
import type { ReadyFilter } from './dead-letter-filter.js';
import { FailedSetReader } from './failed-set-reader.js';

/** Dead letters with the same kind of error. */
export interface ErrorGroup {
  /** Name or code of the error. */
  readonly error: string;
  /** Message with numbers, ids, quotes and addresses replaced by `…`, at most 200 characters. */
  readonly message: string;
  readonly count: number;
  readonly queues: readonly string[];
  /** Id of the newest one. */
  readonly newestId: string;
  /** Message of the newest one as it is, at most 200 characters. */
  readonly newestMessage: string;
}

/** Dead letters of one queue. */
export interface QueueLetters {
  readonly total: number;
  /** By job name. */
  readonly jobs: Readonly<Record<string, number>>;
  /** By name or code of the error. */
  readonly errors: Readonly<Record<string, number>>;
}

/** How many dead letters there are, and why. */
export interface DeadLetterStats {
  readonly total: number;
  readonly queues: Readonly<Record<string, QueueLetters>>;
  /** Most frequent first, at most 100. */
  readonly errors: readonly ErrorGroup[];
  /** Milliseconds since the epoch; null when there are none. */
  readonly oldestAt: number | null;
  readonly newestAt: number | null;
  /** Stored entries that cannot be read; they are in no other number. */
  readonly unreadable: number;
  /** False when `maxScanned` stopped the reading: the numbers are those of the newest letters only. */
  readonly complete: boolean;
}

/** The maximum number of kinds of errors told apart while reading; further ones count as "other". */
const MAX_GROUPS = 1_000;
const SHOWN_GROUPS = 100;
const CHUNK = 500;
const LONGEST_MESSAGE = 200;

interface Group {
  error: string;
  message: string;
  count: number;
  queues: Set<string>;
  newestId: string;
  newestMessage: string;
  newestAt: number;
}

/** Adds up letters one by one. */
class StatsCollector {
  total = 0;
  oldestAt: number | null = null;
  newestAt: number | null = null;
  private readonly queues = new Map<string, { total: number; jobs: Counts; errors: Counts }>();
  private readonly groups = new Map<string, Group>();

  add(letter: LetterHead): void {
    this.total += 1;
    this.oldestAt = Math.min(this.oldestAt ?? letter.lastFailedAt, letter.lastFailedAt);
    this.newestAt = Math.max(this.newestAt ?? letter.lastFailedAt, letter.lastFailedAt);
    const queue = this.queueOf(letter.queue);
    queue.total += 1;
    queue.jobs.add(letter.job);
    queue.errors.add(letter.error);
    this.addToGroup(letter);
  }

  queueOf(name: string): { total: number; jobs: Counts; errors: Counts } {
    let queue = this.queues.get(name);
    if (!queue) this.queues.set(name, (queue = { total: 0, jobs: new Counts(), errors: new Counts() }));
    return queue;
  }

  perQueue(): Record<string, QueueLetters> {
    return Object.fromEntries(
      [...this.queues].map(([name, { total, jobs, errors }]) => [
        name,
        { total, jobs: jobs.toRecord(), errors: errors.toRecord() },
      ]),
    );
  }

  mostFrequent(): ErrorGroup[] {
    return [...this.groups.values()]
      .sort((a, b) => b.count - a.count)
      .slice(0, SHOWN_GROUPS)
      .map(({ error, message, count, queues, newestId, newestMessage }) => ({
        ...{ error, message, count, queues: [...queues] },
        ...{ newestId, newestMessage },
      }));
  }

  private addToGroup(letter: LetterHead): void {
    let { error } = letter;
    let message = messageKind(letter.reason);
    if (!this.groups.has(`${error}\n${message}`) && this.groups.size >= MAX_GROUPS) error = message = 'other';
    const key = `${error}\n${message}`;
    const group = this.groups.get(key) ?? {
      error,
      message,
      count: 0,
      queues: new Set(),
      newestId: '',
      newestMessage: '',
      newestAt: -1,
    };
    this.groups.set(key, group);
    group.count += 1;
    group.queues.add(letter.queue);
    if (letter.lastFailedAt <= group.newestAt) return;
    group.newestId = letter.id;
    group.newestMessage = letter.reason.slice(0, LONGEST_MESSAGE);
    group.newestAt = letter.lastFailedAt;
  }
}

class Counts {
  private readonly counts = new Map<string, number>();
  add(key: string): void {
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
  toRecord(): Record<string, number> {
    return Object.fromEntries([...this.counts].sort(([, a], [, b]) => b - a));
  }
}

/** Reads the letters of the filter's queues, newest first, at most `maxScanned` per queue. */
export async function readStats(
  queues: ManagedQueues,
  filter: ReadyFilter,
  maxScanned: number,
): Promise<DeadLetterStats> {
  const stats = new StatsCollector();
  let unreadable = 0;
  let complete = true;
  for (const name of filter.queues) {
    stats.queueOf(name);
    const { from, to, needsPayload: payloads } = filter;
    const chunkSize = Math.min(CHUNK, maxScanned);
    const plan = { order: 'newest', payloads, from, to, chunkSize } as const;
    const reader = new FailedSetReader(queues.get(name), plan);
    let scanned = 0;
    for (let jobs = await reader.next(); jobs !== null; jobs = await reader.next()) {
      if (scanned >= maxScanned && jobs.length > 0) {
        complete = false;
        break;
      }
      scanned += jobs.length;
      jobs
        .map((job) => ({ letter: headOf(job, name), payload: job.data }))
        .filter(({ letter, payload }) => filter.matches(letter, payload))
        .forEach(({ letter }) => stats.add(letter));
    }
    unreadable += reader.unreadable;
  }
  const { total, oldestAt, newestAt } = stats;
  return {
    total,
    queues: stats.perQueue(),
    errors: stats.mostFrequent(),
    oldestAt,
    newestAt,
    unreadable,
    complete,
  };
}
