import type { JobState, QueueJob, QueueJobJson } from '@bull-board/api/typings/app';
import type { Job } from 'bull';
import type { ManagedQueue } from '../../../broker/managed-queues.js';
import { JobStateError } from '../../../jobs/errors.js';
import { isSealed } from '../../../jobs/sealing/payload-seal.js';
import type { BoardView } from './board-view.js';

/** What somebody does to a job on the board. */
export interface JobActs {
  readonly replay: (id: string) => Promise<void>;
  /** Does it once it is in the audit. */
  readonly audited: (action: 'discard' | 'edit', id: string, act: () => Promise<void>) => Promise<void>;
}

/** A job as the board sees and handles it. */
export class BoardJob implements QueueJob {
  constructor(
    private readonly job: Job,
    private readonly queue: ManagedQueue['definition'],
    private readonly view: BoardView,
    private readonly acts: JobActs,
  ) {}

  get opts(): QueueJob['opts'] {
    return this.job.opts;
  }

  toJSON(): QueueJobJson {
    const json = this.stored();
    // Bull counts failed attempts; people count runs.
    const runs = json.finishedOn && !json.failedReason ? json.attemptsMade + 1 : json.attemptsMade;
    return { ...this.view.of(json, this.queue), attemptsMade: runs };
  }

  getState(): Promise<JobState> {
    return this.job.getState();
  }

  /** Replays a dead letter by our rules, so that its attempts start anew and the replay is remembered. */
  async retry(): Promise<void> {
    await this.acts.replay(String(this.job.id));
  }

  promote(): Promise<void> {
    return this.job.promote();
  }

  remove(): Promise<void> {
    return this.acts.audited('discard', String(this.job.id), () => this.job.remove());
  }

  /** @throws JobStateError when the payload is sealed, or the board does not show all of it: saving would lose the rest */
  async update(data: Record<string, unknown>): Promise<void> {
    if (!isSealed(this.job.data) && !this.view.showsAll(this.stored(), this.queue)) {
      throw new JobStateError(
        `The board shows the payload of job "${String(this.job.id)}" shortened or redacted; saving it would lose the rest.`,
        { queue: this.queue.name, jobId: String(this.job.id) },
      );
    }
    await this.acts.audited('edit', String(this.job.id), () => this.job.update(data));
  }

  private stored(): QueueJobJson {
    return this.job.toJSON();
  }
}
