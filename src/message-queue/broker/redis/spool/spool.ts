import { setTimeout as pause } from 'node:timers/promises';
import { BrokerUnavailableError } from '../../../jobs/errors.js';
import type { AddOutcome, SpoolDepth } from '../../broker.js';
import { jobOf, keyConflict, storeFull } from '../../rules/add-errors.js';
import type { AddPlace } from '../../rules/add-errors.js';
import { openSpoolFile } from './open-spool-files.js';
import type { HeldJob, SpoolFile } from './spool-file.js';
import type { SpooledJob } from './spooled-job.js';

/** Jobs that are sent to Redis together. */
const BATCH = 200;
const RETRY_DELAY_MS = 250;

/** How large a spool may grow, and where it is. */
export interface SpoolOptions {
  readonly directory: string;
  readonly maxJobs: number;
  /** Of payloads. */
  readonly maxBytes: number;
  /** Whether an add waits until its job is on disk, so that it outlives a power cut too. */
  readonly fsync: boolean;
}

/**
 * Sends a job of the spool to Redis.
 * @returns whether it is settled: Redis has it, or will never take it
 */
export type SendSpooled = (job: SpooledJob) => Promise<boolean>;

interface Waiting {
  readonly job: SpooledJob;
  readonly place: AddPlace;
  readonly resolve: (outcome: AddOutcome) => void;
  readonly reject: (error: Error) => void;
}

/** The jobs that wait on this machine's disk for Redis to come back. Each queue's go to Redis in the order they came. */
export class Spool {
  private readonly file: SpoolFile;
  /** By base and id, and by base and idempotency key. */
  private readonly held = new Map<string, Map<string, HeldJob>>();
  private readonly once = new Map<string, HeldJob>();
  private bytes = 0;
  private jobs = 0;
  private readonly draining = new Map<string, Promise<void>>();
  private readonly senders = new Map<string, SendSpooled>();
  private waiting: Waiting[] = [];
  private isClosed = false;
  private stop: () => void = () => undefined;
  private readonly stopped = new Promise<void>((resolve) => (this.stop = resolve));

  /** @throws MissingPackageError, InvalidConfigurationError */
  constructor(
    private readonly options: SpoolOptions,
    private readonly onProblem: (message: string, cause: unknown) => void,
  ) {
    this.file = openSpoolFile(options.directory, options.fsync, onProblem);
    for (const job of this.file.held()) this.note(job);
  }

  /** What it holds. */
  get depth(): SpoolDepth {
    const firsts = [...this.held.values()].flatMap((jobs) => [...jobs.values()].slice(0, 1));
    const oldestAt = firsts.length === 0 ? null : Math.min(...firsts.map(({ at }) => at));
    return { jobs: this.jobs, bytes: this.bytes, oldestAt };
  }

  /** Whether jobs of a queue are here, so that later ones must stand behind them. */
  holds(base: string): boolean {
    return this.held.has(base);
  }

  /** A queue is open: what is held for it may be sent. */
  attach(base: string, send: SendSpooled): void {
    this.senders.set(base, send);
    if (this.held.has(base)) this.drain(base);
  }

  /**
   * Writes a job; those of one tick share the wait for the disk.
   * @throws QueueFullError, IdempotencyConflictError; BrokerUnavailableError when the disk refuses. It was certainly not added
   */
  put(job: SpooledJob, place: AddPlace, key = ''): Promise<AddOutcome> {
    // The first of two equal adds may not be on disk yet: neither is acknowledged before it is.
    if (this.known(job, place, key) !== undefined) this.write();
    const known = this.known(job, place, key);
    if (known !== undefined) return Promise.resolve({ id: known.id, deduplicated: true });
    this.refuseWhenFull(job, place);
    this.note(job);
    return new Promise((resolve, reject) => {
      if (this.waiting.push({ job, place, resolve, reject }) === 1) setImmediate(() => this.write());
    });
  }

  /** Writes what waits, and lets another process have the file. What is held is sent by the next process. */
  async close(): Promise<void> {
    this.stopSending();
    await Promise.all(this.draining.values());
    this.file.close();
  }

  /** Writes what waits, and sends nothing more. */
  stopSending(): void {
    this.isClosed = true;
    this.write();
    this.stop();
  }

  private write(): void {
    const waiting = this.waiting.splice(0);
    if (waiting.length === 0) return;
    try {
      this.file.write(waiting.map(({ job }) => job));
    } catch (cause) {
      for (const { job, place, reject } of waiting) {
        this.drop(job);
        const why = cause instanceof Error ? cause.message : String(cause);
        const message = `Redis is away, and ${jobOf(place)} could not be written to the spool in ${this.options.directory}: ${why}. It was not added to queue "${place.queue}".`;
        reject(new BrokerUnavailableError(message, { ...place, cause }));
      }
      return;
    }
    for (const { resolve, job } of waiting) resolve({ id: job.id, deduplicated: false });
    for (const base of new Set(waiting.map(({ job }) => job.base))) this.drain(base);
  }

  private drain(base: string): void {
    const send = this.senders.get(base);
    if (send === undefined || this.isClosed || this.draining.has(base)) return;
    const drained = this.sendAll(base, send)
      .catch((error: unknown) => this.onProblem('The spool cannot be read; its jobs are sent later.', error))
      .finally(() => this.draining.delete(base));
    this.draining.set(base, drained);
  }

  private async sendAll(base: string, send: SendSpooled): Promise<void> {
    while (!this.isClosed) {
      const jobs = this.file.first(BATCH, base);
      // What waits to be written stands behind those that were here; without any it may go on from here.
      if (jobs.length === 0) break;
      const settled = await Promise.all(jobs.map(send));
      const gone = jobs.filter((_job, i) => settled[i]);
      if (gone.length > 0) this.remove(gone);
      if (gone.length < jobs.length) {
        await Promise.race([pause(RETRY_DELAY_MS, undefined, { ref: false }), this.stopped]);
      }
    }
  }

  private remove(jobs: readonly SpooledJob[]): void {
    try {
      this.file.remove(jobs);
      for (const job of jobs) this.drop(job);
      if (this.held.size === 0) this.file.forget();
    } catch (error) {
      this.onProblem(
        'Jobs that Redis has could not be removed from the spool; they are sent again and added once.',
        error,
      );
    }
  }

  /** @throws IdempotencyConflictError */
  private known(job: SpooledJob, place: AddPlace, key: string): HeldJob | undefined {
    const { base, id, onceKey, fingerprint } = job;
    const used = onceKey === null ? undefined : this.once.get(base + onceKey);
    if (used !== undefined && used.fingerprint !== fingerprint) {
      const now = { key, fingerprint: fingerprint ?? '' };
      throw keyConflict({ ...place, jobId: used.id }, now, used.fingerprint ?? '');
    }
    return used ?? this.held.get(base)?.get(id);
  }

  private refuseWhenFull(job: SpooledJob, place: AddPlace): void {
    const { directory, maxJobs, maxBytes } = this.options;
    const isCount = this.jobs >= maxJobs;
    if (!isCount && this.bytes + job.bytes <= maxBytes) return;
    throw storeFull(place, {
      state: `Redis is away and the spool in ${directory} is full: it holds ${this.jobs} jobs (at most ${maxJobs}) with ${this.bytes} bytes (at most ${maxBytes})`,
      remedy: isCount ? 'raise spool.maxJobs' : 'raise spool.maxBytes',
      held: isCount ? this.jobs : this.bytes,
      limit: isCount ? maxJobs : maxBytes,
    });
  }

  private note({ base, id, at, bytes, onceKey, fingerprint }: HeldJob): void {
    const job = { base, id, at, bytes, onceKey, fingerprint };
    const jobs = this.held.get(base) ?? new Map<string, HeldJob>();
    this.held.set(base, jobs.set(id, job));
    if (onceKey !== null) this.once.set(base + onceKey, job);
    this.jobs += 1;
    this.bytes += bytes;
  }

  private drop({ base, id, bytes, onceKey }: HeldJob): void {
    const jobs = this.held.get(base);
    if (jobs?.delete(id) !== true) return;
    if (jobs.size === 0) this.held.delete(base);
    if (onceKey !== null) this.once.delete(base + onceKey);
    this.jobs -= 1;
    this.bytes -= bytes;
  }
}
