import { escapedLines } from '../../../../kernel/logging/printable.js';
import { BullAdapter } from '@bull-board/api/bullAdapter';
import type { ExternalJobUrl, JobCleanStatus, JobStatus, QueueJobJson } from '@bull-board/api/typings/app';
import type { Job } from 'bull';
import { isSealed } from '../../../jobs/sealing/payload-seal.js';
import type { ManagedQueue } from '../../../broker/managed-queues.js';
import type { QueueDeed } from '../../../privacy/audit/queue-audit.js';
import { BoardJob } from './board-job.js';
import { JointReplays } from './joint-replays.js';
import type { BoardView } from './board-view.js';
import { readJobRange } from './job-range.js';
import { copiedPayload } from './sealed-view.js';

/** Jobs removed per step: more would block Redis for everybody. */
const CLEAN_STEP = 1_000;

/** What the queues on a board share. */
export interface BoardParts {
  readonly view: BoardView;
  /** Replays dead letters of a queue, for whoever clicked. */
  readonly replay: (queue: string, ids: readonly string[]) => Promise<unknown>;
  /** Does what cannot be taken back, for whoever clicked, once it is in the audit. */
  readonly audited: <T>(
    deed: QueueDeed,
    act: () => Promise<T>,
    countOf?: (result: T) => number,
  ) => Promise<T>;
  /** Writes down what was done and can be taken back. */
  readonly note: (deed: QueueDeed) => Promise<void>;
  /** Whether whoever looks may change something. */
  readonly mayChange: () => boolean;
  /** Where whoever looks may reveal a job; null if they may not. */
  readonly revealAt: (queue: string, id: string) => string | null;
}

function revealLink(job: QueueJobJson, href: string | null): ExternalJobUrl | undefined {
  return href !== null && isSealed(job.data) ? { displayText: 'Reveal', href } : undefined;
}

/** A managed queue on the board: Bull Board's own adapter, with our view of jobs and our rules for replays. */
export class BoardQueueAdapter extends BullAdapter {
  private readonly definition: ManagedQueue['definition'];
  private readonly replays: JointReplays;

  constructor(
    managed: ManagedQueue,
    private readonly parts: BoardParts,
  ) {
    const { name, description } = managed.definition;
    super(managed.queue, {
      description,
      externalJobUrl: (job) => revealLink(job, parts.revealAt(name, String(job.id))) as ExternalJobUrl,
    });
    this.definition = managed.definition;
    this.replays = new JointReplays((ids) => parts.replay(name, ids));
    // Read for every answer: Bull Board has one adapter for all who ask.
    Object.defineProperty(this, 'readOnlyMode', { get: () => !parts.mayChange() });
    Object.defineProperty(this, 'allowRetries', { get: () => parts.mayChange() });
  }

  override getName(): string {
    return this.definition.name;
  }

  override async getJob(id: string): Promise<Job | null> {
    const job = (await this.queue.getJob(id)) as Job | null | undefined;
    return job ? this.present(job) : null;
  }

  override async getJobs(states: JobStatus<'bull'>[], start?: number, end?: number): Promise<Job[]> {
    const jobs =
      start === undefined || end === undefined || end < start
        ? ((await this.queue.getJobs(states, start, end)) as (Job | null)[])
        : await readJobRange(this.queue, { states, start, size: end - start + 1, ascending: false });
    return jobs.filter((job) => job !== null).map((job) => this.present(job));
  }

  override async addJob(...[name, data, options]: Parameters<BullAdapter['addJob']>): Promise<Job> {
    return this.present(await super.addJob(name, await copiedPayload(this.queue, data), options));
  }

  override async getJobLogs(id: string): Promise<string[]> {
    return (await super.getJobLogs(id)).map(escapedLines);
  }

  override async clean(status: JobCleanStatus, graceTimeMs: number): Promise<void> {
    const action = status === 'failed' ? 'discard' : 'purge';
    await this.audited(
      action,
      () => this.removeAll(status, graceTimeMs),
      (count) => count,
    );
  }

  override async empty(): Promise<void> {
    await this.audited('purge', () => super.empty());
  }

  override async obliterate(options?: { force?: boolean }): Promise<void> {
    await this.audited('purge', () => super.obliterate(options));
  }

  override async pause(): Promise<void> {
    await super.pause();
    await this.parts.note({ action: 'pause', queues: [this.definition.name] });
  }

  override async resume(): Promise<void> {
    await super.resume();
    await this.parts.note({ action: 'resume', queues: [this.definition.name] });
  }

  private audited<T>(
    action: QueueDeed['action'],
    act: () => Promise<T>,
    countOf?: (result: T) => number,
  ): Promise<T> {
    return this.parts.audited({ action, queues: [this.definition.name] }, act, countOf);
  }

  /** @returns how many were removed */
  private async removeAll(status: JobCleanStatus, graceTimeMs: number): Promise<number> {
    if (status !== 'completed' && status !== 'failed') {
      const ids: unknown = await super.clean(status, graceTimeMs);
      return Array.isArray(ids) ? ids.length : 0;
    }
    let removed = 0;
    for (let step = CLEAN_STEP; step === CLEAN_STEP; removed += step) {
      step = (await this.queue.clean(graceTimeMs, status, CLEAN_STEP)).length;
    }
    return removed;
  }

  /** Bull Board asks its adapter for Bull's `Job` but uses its own, smaller `QueueJob` only. */
  private present(job: Job): Job {
    const { name } = this.definition;
    const { view, audited } = this.parts;
    const shown = new BoardJob(job, this.definition, view, {
      replay: (id) => this.replays.add(id),
      audited: (action, id, act) => audited({ action, queues: [name], jobId: id }, act),
    });
    return shown as unknown as Job;
  }
}
