/** Where a job is, by the model. */
export type ModelState = 'waiting' | 'delayed' | 'active' | 'completed' | 'failed';

/** A job as the model sees it. */
export interface ModelJob {
  readonly id: string;
  readonly priority: number;
  readonly lifo: boolean;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly removeOnComplete: boolean | number;
  state: ModelState;
  attemptsMade: number;
  dueAt: number;
  /** Order in which jobs were delayed: decides between those that are due together. */
  delayedAs: number;
  returnvalue: unknown;
  failedReason: string | undefined;
}

/** What an add asks for; delays and backoff in milliseconds. */
export interface AddOptions {
  readonly jobId: string | null;
  readonly priority: number;
  readonly lifo: boolean;
  readonly delayMs: number;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly removeOnComplete: boolean | number;
}

/** What a queue is made of, in the plainest way: lists that are searched from end to end. */
export class QueueModel {
  readonly jobs = new Map<string, ModelJob>();
  /** Next one first. */
  private lifo: string[] = [];
  private prioritised: string[] = [];
  private plain: string[] = [];
  active: string[] = [];
  /** Oldest first. */
  completed: string[] = [];
  failed: string[] = [];
  paused = false;
  now = 0;
  private counter = 0;
  private delays = 0;

  get waiting(): string[] {
    return [...this.lifo, ...this.prioritised, ...this.plain];
  }

  /** The next one due first. */
  get delayed(): string[] {
    return [...this.jobs.values()]
      .filter((job) => job.state === 'delayed')
      .sort((a, b) => a.dueAt - b.dueAt || a.delayedAs - b.delayedAs)
      .map((job) => job.id);
  }

  /** @returns the id the job has, an old one when the id is taken */
  add(options: AddOptions): string {
    this.counter += 1;
    const id = options.jobId ?? String(this.counter);
    if (this.jobs.has(id)) return id;
    const { priority, lifo, attempts, backoffMs, removeOnComplete } = options;
    const job: ModelJob = {
      ...{ id, priority, lifo, attempts, backoffMs, removeOnComplete },
      ...{
        state: 'waiting',
        attemptsMade: 0,
        dueAt: 0,
        delayedAs: 0,
        returnvalue: null,
        failedReason: undefined,
      },
    };
    this.jobs.set(id, job);
    if (options.delayMs > 0) this.delay(job, options.delayMs);
    else if (lifo && priority === 0) this.lifo.unshift(id);
    else this.toLane(job);
    return id;
  }

  take(): ModelJob {
    const job = this.job(this.waiting[0] ?? '');
    this.forget(job);
    job.state = 'active';
    this.active.push(job.id);
    return job;
  }

  complete(id: string, value: unknown): void {
    const job = this.job(id);
    this.forget(job);
    job.returnvalue = value;
    if (job.removeOnComplete === true || job.removeOnComplete === 0) {
      this.jobs.delete(id);
      return;
    }
    job.state = 'completed';
    this.completed.push(id);
    if (typeof job.removeOnComplete !== 'number') return;
    while (this.completed.length > job.removeOnComplete) this.jobs.delete(this.completed.shift() ?? '');
  }

  fail(id: string, reason: string): void {
    const job = this.job(id);
    this.forget(job);
    job.attemptsMade += 1;
    job.failedReason = reason;
    if (job.attemptsMade >= job.attempts) {
      job.state = 'failed';
      this.failed.push(id);
    } else if (job.backoffMs > 0) {
      this.delay(job, job.backoffMs);
    } else if (job.lifo && job.priority === 0) {
      job.state = 'waiting';
      this.lifo.unshift(id);
    } else {
      this.toLane(job);
    }
  }

  promote(id: string): void {
    this.toLane(this.job(id));
  }

  retry(id: string): void {
    const job = this.job(id);
    this.forget(job);
    job.failedReason = undefined;
    job.state = 'waiting';
    if (job.lifo) this.lifo.unshift(id);
    else this.plain.push(id);
  }

  remove(id: string): void {
    this.forget(this.job(id));
    this.jobs.delete(id);
  }

  /** Removes up to `limit` jobs of a state (0: all), oldest or next first. @returns their ids */
  clean(state: ModelState, limit: number): string[] {
    const ids = this.inState(state);
    const removed = limit > 0 ? ids.slice(0, limit) : ids;
    for (const id of removed) this.remove(id);
    return removed;
  }

  /** Time passes: what becomes due waits, in the order in which it was due. */
  advance(ms: number): void {
    this.now += ms;
    for (const id of this.delayed) if (this.job(id).dueAt <= this.now) this.promote(id);
  }

  inState(state: ModelState): string[] {
    return [...this[state]];
  }

  private delay(job: ModelJob, ms: number): void {
    job.state = 'delayed';
    job.dueAt = this.now + ms;
    job.delayedAs = this.delays += 1;
  }

  private toLane(job: ModelJob): void {
    job.state = 'waiting';
    if (job.priority === 0) {
      this.plain.push(job.id);
      return;
    }
    const behind = this.prioritised.findIndex((id) => this.job(id).priority > job.priority);
    this.prioritised.splice(behind < 0 ? this.prioritised.length : behind, 0, job.id);
  }

  private forget({ id }: ModelJob): void {
    const without = (ids: string[]): string[] => ids.filter((other) => other !== id);
    this.lifo = without(this.lifo);
    this.prioritised = without(this.prioritised);
    this.plain = without(this.plain);
    this.active = without(this.active);
    this.completed = without(this.completed);
    this.failed = without(this.failed);
  }

  private job(id: string): ModelJob {
    const job = this.jobs.get(id);
    if (job === undefined) throw new Error(`The model has no job ${id}.`);
    return job;
  }
}
