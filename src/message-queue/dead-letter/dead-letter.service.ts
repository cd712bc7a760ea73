import { Injectable } from '@nestjs/common';
import { ManagedQueues } from '../broker/managed-queues.js';
import { asStored } from '../finding/payload-field.js';
import type { SeenPayload } from '../finding/payload-field.js';
import type { PrivacyCall } from '../privacy/audit/privacy-call.js';
import { QueueAudit } from '../privacy/audit/queue-audit.js';
import { JobNotFoundError, JobStateError } from '../jobs/errors.js';
import { toDeadLetter } from './dead-letter.js';
import type { DeadLetter, LetterHead } from './dead-letter.js';
import { readyFilter } from './dead-letter-filter.js';
import type { DeadLetterFilter, ReadyFilter } from './dead-letter-filter.js';
import { readPage } from './dead-letter-page.js';
import type { DeadLetterPage, DeadLetterQuery } from './dead-letter-page.js';
import { runThrough } from './dead-letter-run.js';
import type { RunPlan, RunTally } from './dead-letter-run.js';
import { readStats } from './dead-letter-stats.js';
import type { DeadLetterStats } from './dead-letter-stats.js';
import { changeOf, pacedAction } from './changes/letter-change.js';
import type { ChangeOptions, LetterAction, LetterChange } from './changes/letter-change.js';
import { PreviewCollector } from './changes/letter-preview.js';
import type { LetterPreview } from './changes/letter-preview.js';
import { MoreMatchedError } from './changes/more-matched.error.js';
import { checked, checkedOptions, BY, ID, MAX_SCANNED } from './changes/run-limits.js';
import type { DiscardOptions, DiscardReport, ReplayOptions, ReplayReport } from './changes/run-options.js';
import { readGroups } from './groups/letter-groups.js';
import type { LetterGroups } from './groups/letter-groups.js';

/**
 * The dead letters of all queues: the jobs in their failed sets. Nothing here reads a whole set at once, and a job is
 * a dead letter until it is replayed, discarded or older than its queue's `retention.failedAgeMs`. Replays and discards are written to the
 * audit, one entry a call; where they cannot be, nothing is done (`AuditUnavailableError`, `InvalidAuditEntryError`).
 */
@Injectable()
export class DeadLetterService {
  private lastRunAt = 0;
  #seen: SeenPayload = asStored;

  constructor(
    private readonly queues: ManagedQueues,
    private readonly audit: QueueAudit,
  ) {}

  /** The same letters for somebody who may not see all of their payloads: no filter finds what is not seen. */
  seenAs(seen: SeenPayload): DeadLetterService {
    const service = new DeadLetterService(this.queues, this.audit);
    service.#seen = seen;
    return service;
  }

  /** A page of letters, newest failure first. @throws InvalidJobOptionsError */
  async list(query: DeadLetterQuery = {}): Promise<DeadLetterPage> {
    const filter = this.ready(query);
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
    return readStats(this.queues, this.ready(filter), maxScanned);
  }

  /**
   * Letters of the same kind together: the newest 10 000 of each queue are read, without their payloads.
   * @throws InvalidJobOptionsError
   */
  groups(filter: DeadLetterFilter = {}): Promise<LetterGroups> {
    return readGroups(this.queues, this.ready(filter));
  }

  /**
   * What a change of all letters that the filter matches would do; a replay leaves cancelled ones out unless the filter asks for them.
   * @throws InvalidJobOptionsError
   */
  async preview(action: LetterAction, filter: DeadLetterFilter): Promise<LetterPreview> {
    const meant = meantBy(action, filter);
    const until = this.latest(this.ready(meant).queues);
    const letters = new PreviewCollector();
    const what = { spares: none, hadBefore: none, onLetter: letters.add.bind(letters) };
    await this.run(action, meant, { dryRun: true, until }, { ...what, action: nothing });
    return letters.result(until);
  }

  /**
   * Does what was previewed: to letters that had failed by then, and that the same filter matches.
   * @throws InvalidJobOptionsError; MoreMatchedError when more match than were previewed, and then nothing was done; InvalidAuditEntryError,
   * AuditUnavailableError
   */
  async change(
    action: LetterAction,
    filter: DeadLetterFilter,
    options: ChangeOptions,
  ): Promise<LetterChange> {
    const meant = meantBy(action, filter);
    const report =
      action === 'replay'
        ? await this.replayMatching(meant, { ...options, includeCancelled: true })
        : await this.discardMatching(meant, options);
    return changeOf(report, options.matched);
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
    const by = checked('by', checkedOptions(options).by, BY);
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
      if ((await managed.broker.discard(managed.queue, [{ id }])).has(id)) return;
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
      action: ({ broker, queue }, jobs) => broker.discard(queue, jobs),
    });
    return { ...report, discarded };
  }

  /** What the clocks of the queues' brokers say; the latest, where they differ. */
  private latest(queues: readonly string[]): number {
    // Where there is no queue there is no letter either, and any time will do.
    return Math.max(0, ...queues.map((name) => this.queues.get(name).broker.now()));
  }

  private ready(filter: DeadLetterFilter): ReadyFilter {
    return readyFilter(filter, this.queues, this.#seen);
  }

  private async run(
    action: LetterAction,
    filter: DeadLetterFilter,
    options: DiscardOptions,
    what: Pick<RunPlan, 'spares' | 'hadBefore' | 'action' | 'onLetter'>,
  ): Promise<RunTally & { dryRun: boolean }> {
    const { dryRun, signal, by, reason, matched, batchSize, until } = checkedOptions(options);
    const ready = this.ready(filter);
    const bounded = { ...ready, to: Math.min(ready.to, until ?? this.latest(ready.queues)) };
    const dry = { ...what, filter: bounded, batchSize, signal, action: null };
    if (dryRun) return { ...(await this.through(dry)), dryRun };
    if (matched !== undefined) await this.refuseMoreThan(matched, dry);
    const acting = { ...dry, action: what.action && pacedAction(what.action, options) };
    const deed = { action, queues: ready.queues, by, reason };
    const act = (): Promise<RunTally> => this.through(acting);
    return { ...(await this.audit.audited(deed, act, ({ done }) => done)), dryRun };
  }

  private async through(plan: RunPlan): Promise<RunTally> {
    const tally: RunTally = { matched: 0, done: 0, skipped: 0, failed: 0, problems: [], complete: true };
    for (const name of plan.filter.queues) {
      if (tally.complete) await runThrough(this.queues.get(name), plan, tally);
    }
    return tally;
  }

  private async refuseMoreThan(most: number, dry: RunPlan): Promise<void> {
    const { done } = await this.through(dry);
    if (done <= most) return;
    throw new MoreMatchedError(
      `${done} dead letters match, ${most} did in the preview, so none was touched. Preview again.`,
    );
  }
}

/** A replay of many leaves cancelled letters out, unless the filter says otherwise. */
function meantBy(action: LetterAction, filter: DeadLetterFilter): DeadLetterFilter {
  return action === 'replay' ? { cancelled: false, ...filter } : filter;
}

const none = (_letter: LetterHead): boolean => false;
const nothing = (): Promise<ReadonlySet<string>> => Promise.resolve(new Set());
