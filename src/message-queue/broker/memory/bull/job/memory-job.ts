import { refuseSealedEdit } from '../../../rules/sealed-edits.js';
import type { Job, JobId, JobOptions, JobStatus, Queue } from 'bull';
import { jobToData, jobToJson } from './job-json.js';
import type { JobEnding } from './job-ending.js';
import type { JobMoves } from './job-moves.js';
import { fullOptions } from '../../store/stored-job.js';
import type { StoredJob, StoredOptions } from '../../store/stored-job.js';

/** A queue as its jobs see it. */
export interface JobHost {
  readonly queue: Queue;
  readonly moves: JobMoves;
  readonly ending: JobEnding;
}

/**
 * Equal to Bull: its `Job`, over a job in memory. As in Bull it is a snapshot: what it shows is what was stored when it was fetched,
 * its methods act on what is stored now. Payload and options are parsed when first looked at.
 */
export class MemoryJob implements Job<unknown> {
  readonly id: string;
  readonly name: string;
  readonly queue: Queue;
  delay: number;
  readonly timestamp: number;
  attemptsMade: number;
  processedOn: number | undefined;
  finishedOn: number | undefined;
  retriedOn: number | undefined;
  stacktrace: string[];
  returnvalue: unknown = null;
  failedReason: string | undefined;
  debounceId: string | undefined;
  #progress: string | undefined;
  #discarded: boolean | undefined;
  #data: unknown;
  #json: string | null;
  #options: JobOptions | null = null;
  readonly #storedOptions: StoredOptions;
  readonly #host: JobHost;

  constructor(host: JobHost, stored: StoredJob) {
    this.id = stored.id;
    this.name = stored.name;
    this.queue = host.queue;
    this.#host = host;
    this.delay = stored.delay;
    this.timestamp = stored.timestamp;
    this.attemptsMade = stored.attemptsMade;
    this.#json = stored.data;
    this.#storedOptions = stored.options;
    this.debounceId = stored.options.debounce?.id;
    const { history } = stored;
    this.processedOn = history?.processedOn;
    this.finishedOn = history?.finishedOn;
    this.retriedOn = history?.retriedOn;
    this.failedReason = history?.failedReason;
    this.#progress = history?.progress;
    this.stacktrace = history === null ? [] : [...history.stacktrace];
    if (history?.returnvalue !== undefined) this.returnvalue = JSON.parse(history.returnvalue);
  }

  get data(): unknown {
    if (this.#json !== null) {
      this.#data = this.#storedOptions.preventParsingData ? this.#json : JSON.parse(this.#json);
      this.#json = null;
    }
    return this.#data;
  }

  set data(data: unknown) {
    this.#json = null;
    this.#data = data;
  }

  get opts(): JobOptions {
    this.#options ??= copyOptions(
      fullOptions({ id: this.id, options: this.#storedOptions, timestamp: this.timestamp }),
    );
    return this.#options;
  }

  set opts(options: JobOptions) {
    this.#options = options;
  }

  progress(): unknown;
  progress(value: unknown): Promise<void>;
  progress(value?: unknown): unknown {
    if (value === undefined)
      return this.#progress === undefined ? 0 : (JSON.parse(this.#progress) as unknown);
    this.#progress = JSON.stringify(value);
    return this.#host.moves.updateProgress(this, value, this.#progress);
  }

  /** As in Bull. @throws JobStateError for a sealed payload */
  async update(data: unknown): Promise<void> {
    refuseSealedEdit(this.queue, this);
    this.data = data;
    await this.#host.moves.updateData(this.id, data);
  }

  log(row: string): Promise<number> {
    return this.#host.moves.log(this.id, row);
  }

  toJSON(): ReturnType<Job['toJSON']> {
    return jobToJson(this);
  }

  toData(): Record<string, unknown> {
    return jobToData(this);
  }

  toKey(type: string): string {
    return this.queue.toKey(type);
  }

  lockKey(): string {
    return `${this.toKey(this.id)}:lock`;
  }

  async takeLock(): Promise<number | false> {
    return this.#host.moves.takeLock(this.id) ? 1 : false;
  }

  async releaseLock(): Promise<void> {
    if (!this.#host.moves.releaseLock(this.id)) throw new Error(`Could not release lock for job ${this.id}`);
  }

  /** The lock never runs out in memory: the process that holds it is the one that would notice. */
  async extendLock(): Promise<number> {
    return this.#host.moves.isLocked(this.id) ? 1 : 0;
  }

  moveToCompleted(
    returnValue?: unknown,
    ignoreLock?: boolean,
    notFetch?: boolean,
  ): Promise<[unknown, JobId] | null> {
    return this.#host.ending.moveToCompleted(this, returnValue, ignoreLock === true, notFetch === true);
  }

  async moveToFailed(error?: { message: string }, ignoreLock?: boolean): Promise<null> {
    await this.#host.ending.moveToFailed(this, error, ignoreLock === true);
    return null;
  }

  async moveToDelayed(timestamp?: number, ignoreLock?: boolean): Promise<void> {
    this.#host.ending.moveToDelayed(this.id, timestamp ?? 0, ignoreLock === true);
  }

  discard(): Promise<void> {
    this.#discarded = true;
    return Promise.resolve();
  }

  isDiscarded(): boolean | undefined {
    return this.#discarded;
  }

  async promote(): Promise<void> {
    this.#host.moves.promote(this.id);
  }

  async retry(): Promise<void> {
    this.failedReason = undefined;
    this.finishedOn = undefined;
    this.processedOn = undefined;
    this.retriedOn = this.#host.moves.retry(this.id);
  }

  async remove(): Promise<void> {
    this.#host.moves.remove(this);
  }

  finished(): Promise<unknown> {
    return this.#host.moves.finished(this.id);
  }

  getState(): Promise<JobStatus | 'stuck'> {
    return this.#host.moves.stateOf(this.id);
  }

  isCompleted(): Promise<boolean> {
    return this.isIn('completed');
  }

  isFailed(): Promise<boolean> {
    return this.isIn('failed');
  }

  isDelayed(): Promise<boolean> {
    return this.isIn('delayed');
  }

  isActive(): Promise<boolean> {
    return this.isIn('active');
  }

  isWaiting(): Promise<boolean> {
    return this.isIn('waiting');
  }

  isPaused(): Promise<boolean> {
    return this.isIn('paused');
  }

  isStuck(): Promise<boolean> {
    return this.isIn('stuck');
  }

  private async isIn(state: JobStatus | 'stuck'): Promise<boolean> {
    return (await this.#host.moves.stateOf(this.id)) === state;
  }
}

/** Copies what stands in them, too. */
function copyOptions(options: JobOptions): JobOptions {
  const all = options as Record<string, unknown>;
  for (const key of Object.keys(all)) {
    if (typeof all[key] === 'object') all[key] = structuredClone(all[key]);
  }
  return options;
}
