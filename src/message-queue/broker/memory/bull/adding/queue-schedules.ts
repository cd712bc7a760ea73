import { expiryOf } from '../../../../admission/flow/due-time.js';
import type { JobId, JobInformation, JobOptions } from 'bull';
import { DEFAULT_JOB_NAME } from '../../../rules/bull-arguments.js';
import {
  begun,
  caredFor,
  forgotten,
  paused,
  planAfter,
  removed,
  resumed,
  shredded,
  upserted,
} from '../../../rules/schedules/schedule-changes.js';
import type {
  ChangeTime,
  PendingState,
  RunningJob,
  ScheduleAddition,
  ScheduleChange,
} from '../../../rules/schedules/schedule-changes.js';
import { definitionOfAdd } from '../../../rules/schedules/schedule-definition.js';
import { memberOf, runIdOf, runOf } from '../../../rules/schedules/schedule-record.js';
import type {
  ScheduledRun,
  ScheduleRepeat,
  StoredSchedule,
} from '../../../rules/schedules/schedule-record.js';
import type {
  ScheduleAction,
  ScheduleCare,
  ScheduleLook,
  SchedulesOfQueue,
} from '../../../rules/schedules/schedule-care.js';
import type { QueueEngine } from '../../store/queue-engine.js';
import { soon } from '../../store/soon.js';
import type { StoredJob, StoredOptions } from '../../store/stored-job.js';
import type { MemoryJob } from '../job/memory-job.js';
import type { JobAdding } from './job-adding.js';
import type { NewJob } from './new-job.js';
import { keyToData } from './schedule-map.js';
import type { ScheduleMap } from './schedule-map.js';

type Repeat = ScheduleRepeat | NonNullable<JobOptions['repeat']>;

/** What became of the add of a schedule. */
export interface AddedSchedule {
  readonly addition: ScheduleAddition;
  /** Of its next run, or of the last one when it has ended. */
  readonly id: string;
}

const CHANGES = { pause: paused, resume: resumed, remove: removed, forget: forgotten };

/** Equal to Bull: the calls about its repeat schedules. How they live is the rule of both providers. */
export class QueueSchedules implements SchedulesOfQueue {
  readonly #engine: QueueEngine;
  readonly #schedules: ScheduleMap;
  readonly #adding: JobAdding;
  readonly #minRepeatMs: number;
  /** Not in Bull: a pending run may be gone; looks once all that is removed together has been. */
  readonly lookSoon = soon(() => {
    if (!this.#engine.closed) this.#keep();
  });

  constructor(engine: QueueEngine, schedules: ScheduleMap, adding: JobAdding, minRepeatMs: number) {
    this.#engine = engine;
    this.#schedules = schedules;
    this.#adding = adding;
    this.#minRepeatMs = minRepeatMs;
  }

  /** Adds the next run of a schedule. @returns undefined when the schedule has ended or was removed */
  async nextRepeatableJob(
    name: string,
    data: unknown,
    options: JobOptions,
    isNew = false,
  ): Promise<MemoryJob> {
    const job = this.#adding.newJob(name, data, options);
    if (job.options.prevMillis !== undefined && !isNew) {
      this.#changeByRun({ id: job.id ?? '', name, data: job.json, opts: job.options }, begun);
    } else if (isNew || this.#find(job) !== null) this.addSchedule(job);
    return this.handleOf(job) as MemoryJob;
  }

  async removeRepeatable(nameOrRepeat: string | (Repeat & { jobId?: JobId }), given?: Repeat): Promise<void> {
    const named = typeof nameOrRepeat === 'string';
    const name = named ? nameOrRepeat : DEFAULT_JOB_NAME;
    await this.removeRepeatableByKey(memberOf(name, (named ? given : nameOrRepeat) as ScheduleRepeat));
  }

  /** Forgets a schedule and removes its pending run. */
  async removeRepeatableByKey(key: string): Promise<void> {
    const found = this.#schedules.get(key);
    if (found?.member === key) this.#apply(forgotten(found));
  }

  async getRepeatableJobs(start?: number, end?: number, asc?: boolean): Promise<JobInformation[]> {
    return this.#schedules.list(start, end, asc);
  }

  getRepeatableCount(): Promise<number> {
    return Promise.resolve(this.#schedules.size);
  }

  _keyToData(key: string): ReturnType<typeof keyToData> {
    return keyToData(key);
  }

  /**
   * Not in Bull: adds a schedule, or changes it.
   * @param job whose options have `repeat`; as an id, the schedule's
   * @throws QueueFullError when it is new and there is no room
   */
  addSchedule(job: NewJob): AddedSchedule {
    const wanted = definitionOfAdd(job.name, job.json, job.options);
    const { key } = wanted;
    const { change, addition } = upserted(this.#schedules.get(key), wanted, this.#time());
    const isEmpty = addition === 'created' && change.nextAt === null;
    if (!isEmpty) this.#apply(change, addition !== 'created');
    const { record, member, nextAt } = this.#schedules.get(key) ?? { record: null, member: '', nextAt: null };
    const id = nextAt === null ? (record?.last?.jobId ?? '') : runIdOf(member, nextAt);
    return { addition, id };
  }

  /** Not in Bull: the pending run of the schedule that a job describes. @returns undefined when there is none */
  handleOf(job: NewJob): MemoryJob | undefined {
    const { member, nextAt } = this.#find(job) ?? {};
    if (member === undefined || nextAt === undefined || nextAt === null) return undefined;
    const stored = this.#engine.store.jobs.get(runIdOf(member, nextAt));
    return stored && this.#adding.handleOf(stored);
  }

  /** Not in Bull: a run of a schedule starts, so the next one is added. */
  goOnAfter({ id, name, data, options }: StoredJob): void {
    try {
      this.#changeByRun({ id, name, data, opts: options }, begun);
    } catch (error) {
      this.#engine.events.emit('error', error, `Error scheduling the next run of ${name}`);
    }
  }

  /** Not in Bull: a run of a schedule was shredded, so there are no others. */
  endWith({ id, name, data, options }: StoredJob): void {
    this.#changeByRun({ id, name, data, opts: options }, shredded);
  }

  /** Not in Bull. @returns whether there is such a schedule */
  async change(key: string, action: ScheduleAction): Promise<boolean> {
    const found = this.#schedules.get(key);
    if (found === null) return false;
    const change = CHANGES[action](found, this.#time());
    if (change !== null) this.#apply(change);
    return true;
  }

  /** Not in Bull: every schedule. */
  async look(): Promise<ScheduleLook[]> {
    return this.#look();
  }

  /** Not in Bull. @returns whether the text stood in the payload of the schedule and was replaced */
  replaceText(key: string, was: string, is: string): boolean {
    return this.#schedules.replaceText(key, was, is);
  }

  /** Not in Bull: plans lost runs again. */
  async keep(): Promise<ScheduleCare> {
    return this.#keep();
  }

  #look(): ScheduleLook[] {
    return this.#schedules.all().map((schedule) => {
      const { member, nextAt } = schedule;
      return { schedule, run: nextAt === null ? null : this.#stateOf(runIdOf(member, nextAt)) };
    });
  }

  #keep(): ScheduleCare {
    const revived: string[] = [];
    for (const { schedule, run } of this.#look()) {
      const change = caredFor(schedule, run ?? 'gone', this.#time());
      if (change === null) continue;
      this.#apply(change);
      if (change.nextAt !== null) revived.push(schedule.key);
    }
    return { revived, dead: [] };
  }

  #changeByRun(job: RunningJob, changed: typeof begun): void {
    const { repeat } = job.opts as { readonly repeat?: { readonly key?: string } };
    const found = typeof repeat?.key === 'string' ? this.#schedules.get(repeat.key) : null;
    const change = found && changed(found, job, this.#time());
    if (change) this.#apply(change);
  }

  /** @param force although the queue is full: a schedule that is there goes on, or nobody would add its next run later */
  #apply(change: ScheduleChange, force = true): void {
    const { key, from, to, nextAt } = change;
    const { jobs } = this.#engine.store;
    const run = to === null || nextAt === null ? null : runOf(to, nextAt, this.#engine.clock.now());
    const isSame = from !== null && to === from.record && nextAt === from.nextAt;
    if (run !== null && this.#stateOf(run.id) === 'finished') {
      this.#apply(planAfter(change, this.#time()), force);
      return;
    }
    const pendingId =
      isSame || from === null || from.nextAt === null ? null : runIdOf(from.member, from.nextAt);
    const pending = pendingId === null ? undefined : jobs.get(pendingId);
    if (pending?.state === 'delayed' && pending.id === run?.id) this.#renew(pending, run);
    else if (pending?.state === 'delayed' || pending?.state === 'waiting') this.#engine.remove(pending);
    if (run !== null && !jobs.has(run.id)) {
      const { timestamp = 0, ...options } = run.options;
      const stored = options as StoredOptions;
      this.#adding.store({ id: run.id, name: run.name, json: run.data, timestamp, options: stored }, force);
    }
    this.#schedules.set(from, key, to, nextAt);
  }

  #find({ name, json, options }: NewJob): StoredSchedule | null {
    return this.#schedules.get(definitionOfAdd(name, json, options).key);
  }

  /** The pending run of a schedule that has changed, and not when it runs. */
  #renew(pending: StoredJob, { data, options }: ScheduledRun): void {
    const { timestamp: _timestamp, ...stored } = options;
    this.#engine.store.resize(pending, data.length - pending.data.length);
    pending.data = data;
    pending.options = { ...(stored as StoredOptions), delay: pending.delay };
    const { gates, store } = this.#engine;
    store.regroup(pending, gates.membershipOf(pending.name, pending.options));
    this.#engine.mustStartBy(pending, expiryOf({ ...options, delay: pending.delay }) ?? null);
  }

  #stateOf(id: string): PendingState {
    const state = this.#engine.store.jobs.get(id)?.state ?? 'gone';
    return state === 'completed' || state === 'failed' || state === 'expired' ? 'finished' : state;
  }

  #time(): ChangeTime {
    return { now: this.#engine.clock.now(), minRepeatMs: this.#minRepeatMs };
  }
}
