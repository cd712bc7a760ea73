import { Injectable } from '@nestjs/common';
import type { FailedJob } from '../broker/broker.js';
import { ManagedQueues } from '../broker/managed-queues.js';
import { Issues } from '../../kernel/values/issues.js';
import type { Kind } from '../../kernel/values/kind.js';
import { id, numberFrom, record, wholeNumber } from '../../kernel/values/kinds.js';
import type { PrivacyCall } from '../privacy/audit/privacy-call.js';
import { QueueAudit } from '../privacy/audit/queue-audit.js';
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
  /** Why, for the audit: a code of 1 to 64 small letters, digits and hyphens, not prose. */
  readonly reason?: string;
}

/** How to discard many dead letters. */
export interface DiscardOptions extends DeadLetterRunOptions {
  /** Who asks for it, for the audit. Default `app`. */
  readonly by?: string;
}

/** How to replay many dead letters. */
export interface ReplayOptions extends DeadLetterRunOptions {
  /** Who asks for it; kept with each job, and written to the audit. */
  readonly by: string;
  /** Replay cancelled jobs too. Default false. */
  readonly includeCancelled?: boolean;
}

interface RunReport {
  /** Letters that the filter matched. */
  readonly matched: number;
  /** Cancelled ones, and those that somebody else handled meanwhile. */
  readonly skipped: number;
  /** Letters of a batch that the broker refused or did not answer for. Those that are still there are handled by the next call. */
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
 * a dead letter until it is replayed, discarded or older than its queue's `retention.failedAgeMs`. Replays and discards are written to the
 * audit, one entry a call; where they cannot be, nothing is done (`AuditUnavailableError`, `InvalidAuditEntryError`).
 */
@Injectable()
export class DeadLetterService {
  private lastRunAt = 0;

  constructor(
    private readonly queues: ManagedQueues,
    private readonly audit: QueueAudit,
  ) {}

  /** A page of letters, newest failure first. @throws InvalidJobOptionsError */
  async list(query: DeadLetterQuery = {}): Promise<DeadLetterPage> {
    const filter = readyFilter(query, this.queues.names());
    return readPage(this.queues, filter, query, this.latest(filter.queues));
  }

  /** One letter. @throws UnknownQueueError, JobNotFoundError, JobStateError when the job has not failed */
  async get(queue: string, id: string): Promise<DeadLetter> {
    const job = await this.queues.get(queue).queue.getJob(checked('id', id, ID));
    const place = { queue, jobId: id };
    if (!job) throw new JobNotFoundError(`Queue "${queue}" has no job "${id}" (any more).`, place);
    const state = await job.getState();
    if (state !== 'failed') {
      throw new JobStateError(`Job "${id}" of queue "${queue}" is not a dead letter: it is ${state}.`, place);
    }
    return toDeadLetter(job, queue);
  }

  /**
   * Counts by queue, job name and error. Reads every letter that the filter matches, without its payload, about 40 000 per second on Redis;
   * `maxScanned` bounds it to the newest ones of each queue.
   */
  async stats(filter: DeadLetterFilter & { readonly maxScanned?: number } = {}): Promise<DeadLetterStats> {
    const maxScanned = checked('maxScanned', filter.maxScanned ?? Number.POSITIVE_INFINITY, MAX_SCANNED);
    return readStats(this.queues, readyFilter(filter, this.queues.names()), maxScanned);
  }

  /**
   * Puts one letter back to waiting with all its attempts, cancelled or not.
   * @param by who asks for it; kept with the job
   * @param reason why, for the audit: a code, not prose
   * @throws UnknownQueueError, JobNotFoundError, JobStateError when the job has not failed
   */
  async replay(queue: string, id: string, by: string, reason?: string): Promise<void> {
    const managed = this.queues.get(queue);
    checked('id', id, ID);
    const replay = { at: managed.broker.now(), by: checked('by', by, BY) };
    await this.audit.audited({ action: 'replay', queues: [queue], jobId: id, by, reason }, async () => {
      if ((await managed.broker.replay(managed.queue, [{ id }], replay)).has(id)) return;
      await this.get(queue, id);
      throw new JobStateError(`Job "${id}" of queue "${queue}" could not be replayed; try again.`, {
        queue,
        jobId: id,
      });
    });
  }

  /** Puts those of some letters of a queue back to waiting that are still there. @returns how many */
  async replayEach(queue: string, ids: readonly string[], by: string): Promise<number> {
    const managed = this.queues.get(queue);
    const replay = { at: managed.broker.now(), by: checked('by', by, BY) };
    const act = async (): Promise<number> => {
      const targets = ids.map((id) => ({ id }));
      return (await managed.broker.replay(managed.queue, targets, replay)).size;
    };
    return this.audit.audited({ action: 'replay', queues: [queue], by }, act, (count) => count);
  }

  /** Replays every letter that the filter matches, oldest first. Letters that fail again meanwhile are not replayed twice. */
  async replayMatching(filter: DeadLetterFilter, options: ReplayOptions): Promise<ReplayReport> {
    const by = checked('by', checked('options', options, OPTIONS).by, BY);
    // One time for all letters of a run tells them from those of any other, also on a clock that stands still.
    const replay = {
      at: (this.lastRunAt = Math.max(this.latest(this.queues.names()), this.lastRunAt + 1)),
      by,
    };
    const { done: replayed, ...report } = await this.run('replay', filter, options, {
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
  async discard(queue: string, id: string, call: PrivacyCall = {}): Promise<void> {
    const managed = this.queues.get(queue);
    checked('id', id, ID);
    await this.audit.audited({ ...call, action: 'discard', queues: [queue], jobId: id }, async () => {
      if ((await managed.broker.discard(managed.queue, [id])).has(id)) return;
      await this.get(queue, id);
      throw new JobStateError(`Job "${id}" of queue "${queue}" could not be discarded; try again.`, {
        queue,
        jobId: id,
      });
    });
  }

  /** Removes every letter that the filter matches, for good. */
  async discardMatching(filter: DeadLetterFilter, options: DiscardOptions = {}): Promise<DiscardReport> {
    const { done: discarded, ...report } = await this.run('discard', filter, options, {
      spares: none,
      hadBefore: none,
      action: ({ broker, queue }, jobs) => broker.discard(queue, idsOf(jobs)),
    });
    return { ...report, discarded };
  }

  /** What the clocks of the queues' brokers say; the latest, where they differ. */
  private latest(queues: readonly string[]): number {
    return Math.max(...queues.map((name) => this.queues.get(name).broker.now()));
  }

  private async run(
    action: 'replay' | 'discard',
    filter: DeadLetterFilter,
    options: DiscardOptions,
    what: Pick<RunPlan, 'spares' | 'hadBefore' | 'action'>,
  ): Promise<RunTally & { dryRun: boolean }> {
    const { dryRun = false, batchSize = 1_000, signal, by, reason } = checked('options', options, OPTIONS);
    checked('batchSize', batchSize, BATCH_SIZE);
    const ready = readyFilter(filter, this.queues.names());
    const bounded = { ...ready, to: Math.min(ready.to, this.latest(ready.queues)) };
    const tally: RunTally = { matched: 0, done: 0, skipped: 0, failed: 0, problems: [], complete: true };
    const plan = { ...what, filter: bounded, batchSize, signal, action: dryRun ? null : what.action };
    const act = async (): Promise<void> => {
      for (const name of ready.queues) {
        if (tally.complete) await runThrough(this.queues.get(name), plan, tally);
      }
    };
    const deed = { action, queues: ready.queues, by, reason };
    await (dryRun ? act() : this.audit.audited(deed, act, () => tally.done));
    return { ...tally, dryRun };
  }
}

const idsOf = (jobs: readonly FailedJob[]): string[] => jobs.map(({ id }) => id);
const none = (_letter: LetterHead): boolean => false;

const ID = id();
const BY = id(200);
const OPTIONS = record();
const BATCH_SIZE = wholeNumber(1, 1_000);
const MAX_SCANNED = numberFrom(1, Number.POSITIVE_INFINITY);

function checked<T>(path: string, given: T, kind: Kind<unknown>): T {
  const issues = new Issues();
  issues.check(path, given, kind);
  issues.throwIfAny(InvalidJobOptionsError, 'The dead letter options are wrong:');
  return given;
}
