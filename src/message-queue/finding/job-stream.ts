import type { Job, JobStatus, Queue } from 'bull';

/** The states in which jobs are listed. */
export const LISTED_STATES = ['active', 'waiting', 'paused', 'delayed', 'failed', 'completed'] as const;
/** One of them. */
export type ListedState = (typeof LISTED_STATES)[number];

/** Where a stream of jobs stands: behind a job that was taken, and where that one was. */
export interface StreamPosition {
  readonly rank: number;
  readonly id: string;
}

const FIRST_CHUNK = 25;
const CHUNK = 250;
/** Ids that are looked through for the job that was taken last: so many may have come or gone in front of it. */
const DRIFT = 2_000;

/** Bull's calls, with what their types leave out. */
interface RangedQueue {
  getRanges(state: string, start: number, end: number, ascending: boolean): Promise<string[]>;
  getJobs(
    states: readonly JobStatus[],
    start: number,
    end: number,
    ascending: boolean,
    options?: { readonly excludeData: boolean },
  ): Promise<(Job | null)[]>;
}

/** The jobs of a queue in one state, the newest first, read ahead by chunks. */
export class JobStream {
  readonly #queue: RangedQueue;
  #rank: number | null = null;
  #ahead: (Job | null)[] = [];
  #next = 0;
  #chunk = FIRST_CHUNK;
  #ended = false;
  /** The job that was taken last. */
  taken: StreamPosition | undefined;

  constructor(
    queue: Queue,
    readonly state: ListedState,
    after: StreamPosition | undefined,
    private readonly payloads: boolean,
  ) {
    this.#queue = queue as unknown as RangedQueue;
    this.taken = after;
  }

  get name(): string {
    return (this.#queue as unknown as Queue).name;
  }

  /** The next job, or null when there is none. Jobs that are gone by now are passed over. */
  async peek(): Promise<Job | null> {
    while (!this.#ended) {
      const job = this.#ahead[this.#next];
      if (job) return job;
      if (this.#next < this.#ahead.length) this.#next += 1;
      else await this.#read();
    }
    return null;
  }

  /** Takes the job that `peek` gave. */
  take(job: Job): void {
    this.taken = { rank: (this.#rank ?? 0) - this.#ahead.length + this.#next, id: String(job.id) };
    this.#next += 1;
  }

  async #read(): Promise<void> {
    this.#rank ??= await this.#firstRank();
    const options = { excludeData: !this.payloads };
    const end = this.#rank + this.#chunk - 1;
    this.#ahead = await this.#queue.getJobs([this.state], this.#rank, end, false, options);
    this.#rank += this.#ahead.length;
    this.#next = 0;
    this.#ended = this.#ahead.length === 0;
    this.#chunk = CHUNK;
  }

  /** Where to go on: jobs may have come or gone since. One that is not found any more leaves its place to the next. */
  async #firstRank(): Promise<number> {
    const { taken } = this;
    if (taken === undefined) return 0;
    const from = Math.max(0, taken.rank - DRIFT / 2);
    const ids = await this.#queue.getRanges(this.state, from, taken.rank + DRIFT, false);
    const found = ids.indexOf(taken.id);
    return found < 0 ? taken.rank : from + found + 1;
  }
}
