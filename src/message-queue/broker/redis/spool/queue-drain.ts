import { setTimeout as pause } from 'node:timers/promises';
import { inRootContext } from '../../../../kernel/host/root-context.js';
import type { Portion } from './spool-file.js';
import type { ReadJob, SetAside, SpooledJob } from './spooled-job.js';

/** What is sent to Redis at once. */
const PORTION: Portion = { jobs: 100, bytes: 1024 * 1024 };
/** From one try to the next, milliseconds; more each time, up to the longest, while Redis answers with the same. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [50, 2_000];

/**
 * What became of a job that was sent. It waits with the error that Redis answered with, null when there was none; one
 * that is never added is refused for what it is itself.
 */
export type SentJob =
  | { readonly state: 'added' }
  | { readonly state: 'waits'; readonly error: Error | null }
  | { readonly state: 'never'; readonly error: Error };

/** A queue whose jobs may lie in a spool. */
export interface SpoolingQueue {
  readonly base: string;
  readonly name: string;
  /**
   * Sends jobs to Redis, in their order, and tells of each what became of it. Never rejects.
   * @param areCurrent asked before each call to Redis: what is no longer so is not sent, and waits
   */
  send(jobs: readonly SpooledJob[], areCurrent: () => boolean): Promise<readonly SentJob[]>;
  /** Tells the operator, and who listens to the queue's errors. */
  report(message: string, about: { readonly jobId?: string; readonly cause?: unknown }): void;
}

/** What a drain takes jobs from. */
export interface DrainedSpool {
  /** The first jobs of a queue. @throws an error of the disk */
  first(base: string, most: Portion): ReadJob[];
  /** Redis has these jobs, and those can never be added. @throws an error of the disk */
  settle(added: readonly ReadJob[], aside: readonly SetAside[]): void;
  /** Settles when nothing may be sent any more. */
  readonly stopped: Promise<void>;
}

/**
 * Sends one queue's jobs out of a spool, in the order they came: a job is sent when all before it are in Redis, or set aside. What cannot be
 * added now is tried again until it can.
 */
export class QueueDrain {
  /** Why its jobs wait although Redis answers; null when they do not, or it does not. */
  trouble: Error | null = null;
  /** The kinds of trouble that were reported since it was last empty. */
  private readonly told = new Set<string>();
  private isRunning = false;
  private running = Promise.resolve();
  private isStopped = false;
  private pauseMs = FIRST_PAUSE_MS;
  private portion = PORTION;
  private sending: Promise<unknown> = Promise.resolve();
  /** How often what was read ceased to be what is held. */
  private changes = 0;
  private holds = 0;
  private removed = Promise.resolve();

  constructor(
    readonly queue: SpoolingQueue,
    private readonly spool: DrainedSpool,
  ) {
    void spool.stopped.then(() => (this.isStopped = true));
  }

  /** Sends what there is, and what comes meanwhile. */
  start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    // It sends the jobs of many requests, and belongs to none of them.
    this.running = inRootContext(() => this.run());
  }

  /** What is held has changed: nothing is sent any more that was read before. @returns settles when nothing of it is under way */
  async readAnew(): Promise<void> {
    this.changes += 1;
    await this.sending;
  }

  /** Whether jobs are being removed from Redis that came there from here, or may have. */
  get isRemoving(): boolean {
    return this.holds > 0;
  }

  /**
   * Removes jobs from Redis that were under way, one such work after another, and sends nothing before each has succeeded: it is
   * done again until then, whoever asked for it.
   * @returns what it answers at first
   */
  remove<T>(work: () => Promise<T>): Promise<T> {
    this.holds += 1;
    const arrived = this.readAnew();
    const first = this.removed.then(() => arrived).then(work);
    this.removed = this.untilRemoved(first, work);
    return first;
  }

  private async untilRemoved(first: Promise<unknown>, work: () => Promise<unknown>): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    for (let attempt = first; !this.isStopped; attempt = work()) {
      try {
        await attempt;
        break;
      } catch (error) {
        const { reply } = error as { readonly reply?: string | null };
        if (typeof reply === 'string')
          this.troubled(error as Error, 'wait until erased ones are gone from Redis');
        await this.rest(pauseMs);
        pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      }
    }
    this.holds -= 1;
  }

  /** Settles when nothing is being sent. */
  ended(): Promise<void> {
    return this.running;
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      try {
        if (this.holds === 0) {
          // What waits to be written stands behind those that were here; without any it may go on from here.
          const jobs = this.spool.first(this.queue.base, this.portion);
          if (jobs.length === 0) break;
          if (await this.send(jobs)) continue;
        }
      } catch (error) {
        this.troubled(error as Error, 'cannot be read or written; they are sent again, and added once');
      }
      await this.rest(this.pauseMs);
      if (this.trouble !== null) this.pauseMs = Math.min(LONGEST_PAUSE_MS, this.pauseMs * 2);
    }
    this.trouble = null;
    this.told.clear();
    this.isRunning = false;
  }

  private async rest(ms: number): Promise<void> {
    await Promise.race([pause(ms, undefined, { ref: false }), this.spool.stopped]);
  }

  /** @returns whether it may go on at once */
  private async send(jobs: readonly ReadJob[]): Promise<boolean> {
    const { changes } = this;
    const sending = this.queue.send(jobs, () => this.changes === changes);
    this.sending = sending;
    const sent = await sending;
    const added = jobs.filter((_job, i) => sent[i]?.state === 'added');
    const aside = jobs.flatMap((job, i) => this.setAside(job, sent[i]));
    if (added.length + aside.length > 0) {
      this.spool.settle(added, aside);
      for (const one of aside) this.reportAside(one);
      this.pauseMs = FIRST_PAUSE_MS;
    }
    const waiting = sent.find(({ state }) => state === 'waits');
    if (waiting === undefined) this.trouble = null;
    else if ('error' in waiting && waiting.error !== null) this.troubled(waiting.error, 'wait');
    // Further on there may be a job that Redis takes: then those before it are at fault themselves.
    const isStuck = waiting !== undefined && added.length + aside.length === 0 && this.trouble !== null;
    const { jobs: count, bytes } = this.portion;
    this.portion = isStuck ? { jobs: count * 2, bytes: bytes * 16 } : PORTION;
    return waiting === undefined;
  }

  private setAside(job: ReadJob, sent: SentJob | undefined): SetAside[] {
    if (sent?.state !== 'never') return [];
    return [{ job, code: codeOf(sent.error), message: sent.error.message }];
  }

  private reportAside({ job, message }: SetAside): void {
    const text = `Job "${job.id}" was acknowledged and cannot be added as it is: ${sentence(message)} It is set aside in the spool, and tried again when the process starts.`;
    this.queue.report(text, { jobId: job.id });
  }

  private troubled(error: Error, what: string): void {
    this.trouble = error;
    const kind = codeOf(error);
    if (this.told.has(kind)) return;
    this.told.add(kind);
    this.queue.report(`Jobs of the spool ${what}: ${error.message}`, { cause: error });
  }
}

/** Errors that list what is wrong do not end with a full stop. */
export function sentence(message: string): string {
  return message.replace(/\.?$/, '.');
}

/** What an error is called: Redis' own code where it is known. */
export function codeOf(error: Error): string {
  const { reply, code } = error as { readonly reply?: string | null; readonly code?: string };
  return reply ?? code ?? error.name;
}
