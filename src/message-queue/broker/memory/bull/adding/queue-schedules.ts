import type { JobId, JobInformation, JobOptions } from 'bull';
import { DEFAULT_JOB_NAME } from '../../../rules/bull-arguments.js';
import { nextRunOptions } from '../../../rules/next-run-options.js';
import type { QueueEngine } from '../../store/queue-engine.js';
import type { StoredJob, StoredOptions } from '../../store/stored-job.js';
import type { MemoryJob } from '../job/memory-job.js';
import type { JobAdding } from './job-adding.js';
import type { NewJob } from './new-job.js';
import { keyToData, repeatKey } from './repeat-schedule.js';
import type { RepeatSchedule, RepeatSettings } from './repeat-schedule.js';

type Repeat = RepeatSettings | NonNullable<JobOptions['repeat']>;

/** Equal to Bull: the life of its repeat schedules. */
export class QueueSchedules {
  readonly #engine: QueueEngine;
  readonly #repeat: RepeatSchedule;
  readonly #adding: JobAdding;

  constructor(engine: QueueEngine, repeat: RepeatSchedule, adding: JobAdding) {
    this.#engine = engine;
    this.#repeat = repeat;
    this.#adding = adding;
  }

  /** Adds the next run of a schedule. @returns undefined when the schedule has ended or was removed */
  async nextRepeatableJob(
    name: string,
    data: unknown,
    options: JobOptions,
    isNew = false,
  ): Promise<MemoryJob> {
    return this.addNext(this.#adding.newJob(name, data, options), isNew) as MemoryJob;
  }

  async removeRepeatable(nameOrRepeat: string | (Repeat & { jobId?: JobId }), given?: Repeat): Promise<void> {
    const named = typeof nameOrRepeat === 'string';
    const name = named ? nameOrRepeat : DEFAULT_JOB_NAME;
    const repeat = (named ? given : nameOrRepeat) as RepeatSettings;
    await this.removeRepeatableByKey(repeatKey(name, repeat, repeat.jobId ? `${repeat.jobId}:` : ':'));
  }

  /** Forgets a schedule and removes its pending run. */
  async removeRepeatableByKey(key: string): Promise<void> {
    const pendingId = this.#repeat.remove(key);
    const pending = pendingId === null ? undefined : this.#engine.store.jobs.get(pendingId);
    if (pending?.state === 'delayed') this.#engine.remove(pending);
  }

  async getRepeatableJobs(start?: number, end?: number, asc?: boolean): Promise<JobInformation[]> {
    return this.#repeat.list(start, end, asc);
  }

  getRepeatableCount(): Promise<number> {
    return Promise.resolve(this.#repeat.size);
  }

  _keyToData(key: string): ReturnType<typeof keyToData> {
    return keyToData(key);
  }

  /** Not in Bull: adds the next run of a job with `repeat`. @returns undefined when there is none */
  addNext(job: NewJob, isNew: boolean): MemoryJob | undefined {
    const schedule = this.#repeat;
    const { options } = job;
    const now = this.#engine.clock.now();
    const prevMillis = options.prevMillis ?? 0;
    const repeat = {
      ...options.repeat,
      ...(prevMillis === 0 && options.jobId ? { jobId: options.jobId } : {}),
    };
    const next = schedule.next(job.name, repeat, prevMillis, now);
    if (next === null || (!isNew && !schedule.has(next.key))) return undefined;
    schedule.set(next.key, next.dueAt);
    const runOptions = {
      ...options,
      repeat: { ...repeat, count: next.count, key: next.key },
      jobId: next.jobId,
      delay: Math.max(0, next.dueAt - now),
      prevMillis: next.dueAt,
    } as StoredOptions;
    const run = { ...job, id: next.jobId, timestamp: now, options: runOptions };
    // A schedule that is already running continues even when the queue is full: nobody would add its next run later.
    return this.#adding.store(run, !isNew);
  }

  /** Not in Bull: a run of a schedule starts, so the next one is added. */
  goOnAfter({ id, name, data, timestamp, options }: StoredJob): void {
    try {
      this.addNext({ name, json: data, id, timestamp, options: nextRunOptions(options) }, false);
    } catch (error) {
      this.#engine.events.emit('error', error, `Error scheduling the next run of ${name}`);
    }
  }
}
