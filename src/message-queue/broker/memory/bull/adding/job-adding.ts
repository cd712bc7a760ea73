import type { JobOptions } from 'bull';
import { expiryOf } from '../../../../admission/flow/due-time.js';
import { JOB_ADDED } from '../../../rules/events/local-events.js';
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

  /** A handle on a stored job. */
  handleOf(stored: StoredJob): MemoryJob {
    return this.parts.handleOf(stored);
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
    return this.handleOfAdd(job, this.add(job, force ? null : this.parts.assertRoom));
  }

  /** A handle for whoever added a job. @param added what `add` returned */
  handleOfAdd({ name, json, options, timestamp }: NewJob, added: StoredJob | string): MemoryJob {
    const stored =
      typeof added !== 'string'
        ? added
        : new StoredJob(added, name, json, options, timestamp, options.delay, 0);
    return this.parts.handleOf(stored);
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
   * @returns the job, or the id of the one that stands for it
   */
  add(job: NewJob, assertRoom: AssertRoom | null = this.parts.assertRoom): StoredJob | string {
    const { engine } = this;
    const { store } = engine;
    const { options } = job;
    assertSize(job);
    const counted = store.nextId();
    const id = job.id ?? String(counted);
    if (store.jobs.has(id)) {
      if (job.id === null) return this.add(job, assertRoom);
      engine.events.publishBoth('duplicated', id);
      return id;
    }
    const bytes = job.json.length + JOB_OVERHEAD_BYTES;
    if (assertRoom !== null) {
      assertRoom(job);
      store.budget.assertRoom(bytes, engine.name, job.name);
    }
    const held = this.debouncedBy(options, counted);
    if (held !== null) {
      engine.events.publishBoth('debounced', held);
      return held;
    }
    if (options.debounce) this.debounce.claim(options.debounce, id, engine.clock.now());
    return this.insert(id, job, bytes);
  }

  private insert(id: string, { name, json, options, timestamp }: NewJob, bytes: number): StoredJob {
    const { store, events } = this.engine;
    const delay = options.delay < 0 ? 0 : options.delay;
    const stored = new StoredJob(id, name, json, options, timestamp, delay, bytes);
    stored.membership = this.engine.gates.membershipOf(name, options);
    store.insert(stored);
    // Before the job can start.
    events.emit(JOB_ADDED, id, name, options.mq?.correlationId);
    if (delay) {
      this.engine.place(stored, timestamp + delay, 'lane-end');
    } else {
      this.engine.place(stored, null, options.lifo && !options.priority ? 'first' : 'lane-end');
      events.publishWaiting(id);
    }
    this.engine.mustStartBy(stored, expiryOf({ ...options, timestamp, delay }) ?? null);
    return stored;
  }

  private debouncedBy({ debounce }: StoredOptions, counted: number): string | null {
    if (!debounce) return null;
    const now = this.engine.clock.now();
    if (counted % DEBOUNCE_SWEEP_EVERY === 0) this.debounce.sweep(now);
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
