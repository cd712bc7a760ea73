import { Injectable } from '@nestjs/common';
import type { FailedJob } from '../broker/broker.js';
import { ManagedQueues } from '../broker/managed-queues.js';
import { Clock } from '../../kernel/time/clock.js';
import { InvalidJobOptionsError, JobNotFoundError, JobStateError } from '../jobs/errors.js';
import { toDeadLetter } from './dead-letter.js';
import type { DeadLetter, LetterHead } from './dead-letter.js';
import { readyFilter } from './dead-letter-filter.js';
import type { DeadLetterFilter } from './dead-letter-filter.js';
import { readPage } from './dead-letter-page.js';
import type { DeadLetterPage, DeadLetterQuery } from './dead-letter-page.js';
import { runThrough } from './dead-letter-run.js';
import type { LetterProblem, RunPlan, RunTally } from './dead-letter-run.js';
import { readStats } from './dead-letter-stats.js';
import type { DeadLetterStats } from './dead-letter-stats.js';

/** How to go through many dead letters. */
export interface DeadLetterRunOptions {
  /** Only count; touch nothing. Default false. */
  readonly dryRun?: boolean;
  /** Letters read and handled in one step, 1 to 1 000. Default 1 000. */
  readonly batchSize?: number;
  /** Stops the run after the batch under way. */
  readonly signal?: AbortSignal;
}

/** How to replay many dead letters. */
export interface ReplayOptions extends DeadLetterRunOptions {
  /** Who asks for it; kept with each job. */
  readonly by: string;
  /** Replay cancelled jobs too. Default false. */
  readonly includeCancelled?: boolean;
}

interface RunReport {
  /** Letters that the filter meant. */
  readonly matched: number;
  /** Cancelled ones, and those that somebody else handled meanwhile. */
  readonly skipped: number;
  /** Letters of a batch that the broker refused or did not answer for. Those that are still there go with the next call. */
  readonly failed: number;
  /** Why, for the first 20. */
  readonly problems: readonly LetterProblem[];
  /** False when the run stopped early: it was aborted, or a batch failed. */
  readonly complete: boolean;
  readonly dryRun: boolean;
}

/** What a replay did, or in a dry run would do. */
export interface ReplayReport extends RunReport {
  readonly replayed: number;
}

/** What a discard did, or in a dry run would do. */
export interface DiscardReport extends RunReport {
  readonly discarded: number;
}

/**
 * The dead letters of all queues: the jobs in their failed sets. Nothing here reads a whole set at once, and a job is
 * a dead letter until it is replayed, discarded or older than its queue's `retention.failedAgeMs`.
 */
@Injectable()
export class DeadLetterService {
  private lastRunAt = 0;

  constructor(
    private readonly queues: ManagedQueues,
    private readonly clock: Clock,
  ) {}

  /** A page of letters, newest failure first. @throws InvalidJobOptionsError */
  async list(query: DeadLetterQuery = {}): Promise<DeadLetterPage> {
    return readPage(this.queues, readyFilter(query, this.queues.names()), query, this.clock.now());
  }

  /** One letter. @throws UnknownQueueError, JobNotFoundError, JobStateError when the job has not failed */
  async get(queue: string, id: string): Promise<DeadLetter> {
    const job = await this.queues.get(queue).queue.getJob(checkedId(id));
    const place = { queue, jobId: id };
    if (!job) throw new JobNotFoundError(`Queue "${queue}" has no job "${id}" (any more).`, place);
    const state = await job.getState();
    if (state !== 'failed') {
      throw new JobStateError(`Job "${id}" of queue "${queue}" is no dead letter: it is ${state}.`, place);
    }
    return toDeadLetter(job, queue);
  }

  /**
   * Counts by queue, job name and error. Reads every letter that the filter means, without its payload, about 40 000 per second on Redis;
   * `maxScanned` bounds it to the newest ones of each queue.
   */
  async stats(filter: DeadLetterFilter & { readonly maxScanned?: number } = {}): Promise<DeadLetterStats> {
    const maxScanned = filter.maxScanned ?? Number.POSITIVE_INFINITY;
    if (!(maxScanned >= 1)) throw wrong('maxScanned', `is ${String(maxScanned)}; allowed is 1 or more`);
    return readStats(this.queues, readyFilter(filter, this.queues.names()), maxScanned);
  }

  /**
   * Puts one letter back to waiting with all its attempts, cancelled or not.
   * @param by who asks for it; kept with the job
   * @throws UnknownQueueError, JobNotFoundError, JobStateError when the job has not failed
   */
  async replay(queue: string, id: string, by: string): Promise<void> {
    const managed = this.queues.get(queue);
    checkedId(id);
    const replay = { at: this.clock.now(), by: checkedBy(by) };
    if ((await managed.broker.replay(managed.queue, [{ id }], replay)).has(id)) return;
    await this.get(queue, id);
    throw new JobStateError(`Job "${id}" of queue "${queue}" could not be replayed; try again.`, {
      queue,
      jobId: id,
    });
  }

  /** Replays every letter that the filter means, oldest first. Letters that fail again meanwhile are not replayed twice. */
  async replayMatching(filter: DeadLetterFilter, options: ReplayOptions): Promise<ReplayReport> {
    const by = checkedBy(checkedOptions(options).by);
    // One time for all letters of a run tells them from those of any other, also on a clock that stands still.
    const replay = { at: (this.lastRunAt = Math.max(this.clock.now(), this.lastRunAt + 1)), by };
    const { done: replayed, ...report } = await this.run(filter, options, {
      spares: (letter) => letter.cancelled !== null && options.includeCancelled !== true,
      hadBefore: ({ replays }) => replays.some((one) => one.at === replay.at && one.by === by),
      action: ({ broker, queue }, jobs) => broker.replay(queue, jobs, replay),
    });
    return { ...report, replayed };
  }

  /** Replays every letter of every queue but cancelled ones. */
  async replayAll(options: ReplayOptions): Promise<ReplayReport> {
    return this.replayMatching({}, options);
  }

  /** Removes one letter for good. @throws UnknownQueueError, JobNotFoundError, JobStateError when the job has not failed */
  async discard(queue: string, id: string): Promise<void> {
    const managed = this.queues.get(queue);
    if ((await managed.broker.discard(managed.queue, [checkedId(id)])).has(id)) return;
    await this.get(queue, id);
    throw new JobStateError(`Job "${id}" of queue "${queue}" could not be discarded; try again.`, {
      queue,
      jobId: id,
    });
  }

  /** Removes every letter that the filter means, for good. */
  async discardMatching(
    filter: DeadLetterFilter,
    options: DeadLetterRunOptions = {},
  ): Promise<DiscardReport> {
    const { done: discarded, ...report } = await this.run(filter, options, {
      spares: none,
      hadBefore: none,
      action: ({ broker, queue }, jobs) => broker.discard(queue, idsOf(jobs)),
    });
    return { ...report, discarded };
  }

  private async run(
    filter: DeadLetterFilter,
    options: DeadLetterRunOptions,
    what: Pick<RunPlan, 'spares' | 'hadBefore' | 'action'>,
  ): Promise<RunTally & { dryRun: boolean }> {
    const { dryRun = false, batchSize = 1_000, signal } = checkedOptions(options);
    if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 1_000) {
      throw wrong('batchSize', `is ${String(batchSize)}; allowed is a whole number from 1 to 1000`);
    }
    const ready = readyFilter(filter, this.queues.names());
    const bounded = { ...ready, to: Math.min(ready.to, this.clock.now()) };
    const tally: RunTally = { matched: 0, done: 0, skipped: 0, failed: 0, problems: [], complete: true };
    const action = dryRun ? null : what.action;
    const plan = { ...what, filter: bounded, batchSize, signal, action };
    for (const name of ready.queues) {
      if (tally.complete) await runThrough(this.queues.get(name), plan, tally);
    }
    return { ...tally, dryRun };
  }
}

const idsOf = (jobs: readonly FailedJob[]): string[] => jobs.map(({ id }) => id);
const none = (_letter: LetterHead): boolean => false;

function checkedId(id: string): string {
  if (typeof (id as unknown) === 'string' && id.trim() !== '') return id;
  throw wrong('id', 'must be the id of a job, a text');
}

function checkedOptions<Options extends DeadLetterRunOptions>(options: Options): Options {
  if (typeof (options as unknown) === 'object' && (options as unknown) !== null) return options;
  throw wrong('options', 'must be an object');
}

function checkedBy(by: string): string {
  if (typeof by === 'string' && by.trim() !== '' && by.length <= 200) return by;
  throw wrong('by', 'says who asks for the replay: 1 to 200 characters');
}

function wrong(path: string, message: string): InvalidJobOptionsError {
  return new InvalidJobOptionsError('The dead letter call is wrong:', [{ path, message }]);
}
