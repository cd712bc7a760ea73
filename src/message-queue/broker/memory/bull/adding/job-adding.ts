import type { JobOptions } from 'bull';
import { JOB_ADDED } from '../../../rules/local-events.js';
import { JOB_OVERHEAD_BYTES } from '../../store/memory-budget.js';
import type { QueueEngine } from '../../store/queue-engine.js';
import { StoredJob } from '../../store/stored-job.js';
import type { StoredOptions } from '../../store/stored-job.js';
import type { DebounceKeys } from './debounce-keys.js';
import type { MemoryJob } from '../job/memory-job.js';
import { newJob } from './new-job.js';
import type { NewJob } from './new-job.js';

/** Throws when a queue takes no more jobs. */
export type AssertRoom = (job: NewJob) => void;

/** What became of a job; `stored` is null when another job stands for it. */
interface Creation {
  readonly id: string;
  readonly stored: StoredJob | null;
}

const DEBOUNCE_SWEEP_EVERY = 1_000;

/** What adding needs of the queue beside its engine. */
export interface AddingParts {
  readonly debounce: DebounceKeys;
  /** The limiter's: a job's id ends with its group. */
  readonly groupKey: string | undefined;
  readonly assertRoom: AssertRoom;
  handleOf(stored: StoredJob): MemoryJob;
}

/** Equal to Bull: how its script adds a job. Beyond it: room for the job, and a `sizeLimit` that counts. */
export class JobAdding {
  private readonly debounce: DebounceKeys;

  constructor(
    private readonly engine: QueueEngine,
    private readonly parts: AddingParts,
  ) {
    this.debounce = parts.debounce;
  }

  /** A job with Bull's defaults, not stored yet. @throws TypeError when JSON cannot hold the payload */
  newJob(name: string, data: unknown, options: JobOptions): NewJob {
    return newJob(name, data, options, this.engine.clock.now(), this.parts.groupKey);
  }

  /**
   * Stores a job.
   * @param force although the queue, or the memory, is full
   * @throws QueueFullError when the budget is spent, Error when the payload is above its `sizeLimit`
   */
  store(job: NewJob, force = false): MemoryJob {
    const { id, stored } = this.add(job, force ? null : this.parts.assertRoom);
    return this.parts.handleOf(
      stored ?? new StoredJob(id, job.name, job.json, job.options, job.options.delay, 0),
    );
  }

  /** Stores a job as `store` does; the handle shows the caller's own payload, as in Bull. */
  storeGiven(job: NewJob, data: unknown): MemoryJob {
    const handle = this.store(job);
    handle.data = data;
    return handle;
  }

  /**
   * Into delayed when it has a delay, else into waiting. An id or debounce key that is taken wins over it.
   * @param assertRoom null stores the job although there is no room
   */
  private add(job: NewJob, assertRoom: AssertRoom | null): Creation {
    const { engine } = this;
    const { store } = engine;
    const { options } = job;
    assertSize(job);
    const counted = store.nextId();
    const wanted = String(options.jobId ?? '') || null;
    const id = wanted ?? counted;
    if (store.jobs.has(id)) {
      if (wanted === null) return this.add(job, assertRoom);
      engine.events.publishBoth('duplicated', id);
      return { id, stored: null };
    }
    const bytes = job.json.length + JOB_OVERHEAD_BYTES;
    if (assertRoom !== null) {
      assertRoom(job);
      store.budget.assertRoom(bytes, engine.name, job.name);
    }
    const held = this.debouncedBy(options, counted);
    if (held !== null) {
      engine.events.publishBoth('debounced', held);
      return { id: held, stored: null };
    }
    if (options.debounce) this.debounce.claim(options.debounce, id, engine.clock.now());
    const delay = options.delay < 0 ? 0 : options.delay;
    const stored = new StoredJob(id, job.name, job.json, options, delay, bytes);
    store.insert(stored);
    // Before the job can start.
    engine.events.emit(JOB_ADDED, id, job.name);
    if (delay) {
      engine.place(stored, options.timestamp + delay, 'lane-end');
    } else {
      engine.place(stored, null, options.lifo && !options.priority ? 'first' : 'lane-end');
      engine.events.publishWaiting(id);
    }
    return { id, stored };
  }

  private debouncedBy({ debounce }: StoredOptions, counted: string): string | null {
    if (!debounce) return null;
    const now = this.engine.clock.now();
    if (Number(counted) % DEBOUNCE_SWEEP_EVERY === 0) this.debounce.sweep(now);
    return this.debounce.holder(debounce.id, now);
  }
}

function assertSize({ name, json, options }: NewJob): void {
  const { sizeLimit } = options;
  if (sizeLimit === undefined) return;
  const size = Buffer.byteLength(json);
  if (size > sizeLimit) {
    throw new Error(
      `The size of job ${name} exceeds the limit ${sizeLimit} bytes: its payload has ${size} bytes.`,
    );
  }
}
