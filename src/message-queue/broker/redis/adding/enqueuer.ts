import type { Job } from 'bull';
import { allOf } from '../../../../kernel/time/all-of.js';
import { EnqueueTimeoutError } from '../../../jobs/errors.js';
import { dueOptions } from '../../../admission/flow/due-time.js';
import { admitJob } from '../../../admission/job-admission.js';
import type { AdmittedJob } from '../../../admission/job-admission.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';
import { isOrdinary } from '../../broker.js';
import type { AddOutcome, AddRequest, BulkAddOutcome, OrdinaryAdd } from '../../broker.js';
import { DEFAULT_JOB_NAME } from '../../rules/bull-arguments.js';
import type { BulkJob } from '../../rules/bull-arguments.js';
import { queueClosed } from '../../rules/add-errors.js';
import { JOB_ADDED } from '../../rules/events/local-events.js';
import { QueueJob } from '../bull/queue-job.js';
import { AddBuffer } from './add-buffer.js';
import { asQueueError } from './as-queue-error.js';
import type { EnqueuerParts } from './enqueuer-parts.js';
import { LongAdd, LongRoad } from './long-road.js';
import { addRepeatable } from './repeatable-adder.js';
import { ShortAdd, ShortRoad } from './short-road.js';
import { spoolJob, wasUnsent } from '../spool/spool-job.js';
import type { Admitted } from '../spool/spool-job.js';
import type { Spool } from '../spool/spool.js';
import { SpooledAdds } from './spooled-adds.js';
import { notSent } from './unanswered-add.js';
import { RedisSchedules } from '../schedules/redis-schedules.js';

/** Adds jobs to one queue: admission, memory guard, deadline, ledger and add, whichever way a job comes in. */
export class Enqueuer {
  private readonly buffer: AddBuffer;
  private readonly road: LongRoad;
  private readonly shortRoad: ShortRoad;
  /** By version. */
  private readonly versionRoads = new Map<number, ShortRoad>();
  private closed = false;
  readonly schedules: RedisSchedules;

  constructor(private readonly parts: EnqueuerParts) {
    const { queue, scripts, connections } = parts;
    this.buffer = new AddBuffer(queue.base, scripts, connections, parts.timeoutMs);
    this.schedules = new RedisSchedules(parts);
    this.road = new LongRoad(queue, connections.clock);
    this.shortRoad = new ShortRoad(queue, connections.clock);
    parts.spool?.attach(new SpooledAdds(parts));
  }

  /** Rejects the adds that have not been sent, and all later ones. */
  close(): void {
    this.closed = true;
    this.buffer.close();
  }

  /** @throws every error of an add */
  addOnce(request: AddRequest): Promise<AddOutcome> {
    if (!isOrdinary(request)) return this.addAny(request);
    return new Promise((resolve, reject) => this.addOrdinary(request, resolve, reject));
  }

  private addOrdinary(
    request: OrdinaryAdd,
    resolve: (outcome: AddOutcome) => void,
    reject: (error: unknown) => void,
  ): void {
    const { queue, memory, timeoutMs, waits, spool } = this.parts;
    if (spool !== null && this.isSpooling(spool)) {
      this.addAny(request).then(resolve, reject);
      return;
    }
    try {
      this.refuseWhenClosed(request.name);
      memory.check({ queue: queue.name, job: request.name });
      this.refuseWhenAway(request.name, waits);
    } catch (refusal) {
      reject(refusal);
      return;
    }
    const { mq } = request.options;
    const road = mq === undefined ? this.shortRoad : this.roadOf(mq.version);
    const failed =
      spool === null ? reject : (error: Error) => this.spoolUnsent(spool, error, request, resolve, reject);
    const add = new ShortAdd(road, request, timeoutMs, resolve, failed);
    if (waits) add.waits = true;
    this.buffer.add(add);
  }

  private roadOf(version: number): ShortRoad {
    const known = this.versionRoads.get(version);
    const road = known ?? new ShortRoad(this.parts.queue, this.parts.connections.clock, version);
    if (known === undefined) this.versionRoads.set(version, road);
    return road;
  }

  private async addAny(request: AddRequest): Promise<AddOutcome> {
    this.refuseWhenClosed(request.name);
    if (request.options.repeat !== undefined) {
      const { id, addition } = await addRepeatable(
        this.parts,
        this.schedules,
        request,
        () => this.buffer.isAway,
      );
      return { id, deduplicated: addition === 'unchanged', schedule: addition };
    }
    const admitted = this.admit(request);
    return this.addAdmitted(admitted instanceof Promise ? await admitted : admitted);
  }

  /** Bull's `add`. */
  async addJob(name: string, data: unknown, options: ManagedJobOptions): Promise<Job> {
    this.refuseWhenClosed(name);
    const request = { name, data: data as object, options };
    if (options.repeat !== undefined) return this.addSchedule(request);
    const admitting = this.admit(request);
    const admitted = admitting instanceof Promise ? await admitting : admitting;
    return this.jobOf(admitted, (await this.addAdmitted(admitted)).id);
  }

  /** As in Bull: no job when the schedule has ended. */
  private async addSchedule(request: AddRequest): Promise<Job> {
    const { run } = await addRepeatable(this.parts, this.schedules, request, () => this.buffer.isAway);
    if (run === null) return undefined as unknown as Job;
    const made = new QueueJob(this.parts.queue, run.name, JSON.parse(run.data), run.options);
    made.id = run.id;
    return made;
  }

  /** Bull's `addBulk`: every job is checked before the first one is sent. */
  async addJobs(jobs: readonly BulkJob[]): Promise<Job[]> {
    this.refuseWhenClosed(jobs[0]?.name ?? DEFAULT_JOB_NAME);
    const admitting = jobs.map(({ name = DEFAULT_JOB_NAME, data, opts }) =>
      this.admit({ name, data: data as object, options: opts ?? {} }),
    );
    const all = allOf(admitting);
    const admitted = all instanceof Promise ? await all : all;
    const results = await Promise.allSettled(admitted.map((one) => this.addAdmitted(one)));
    return results.map((result, i) => {
      if (result.status === 'rejected') throw result.reason;
      return this.jobOf(admitted[i] as Admitted, result.value.id);
    });
  }

  private async addAdmitted(admitted: Admitted): Promise<AddOutcome> {
    const { spool, timeoutMs } = this.parts;
    const { request } = admitted;
    if (spool !== null && this.isSpooling(spool)) return spoolJob(spool, this.parts.queue, admitted);
    const waits = spool === null && (this.parts.waits || request.deadlineMs !== undefined);
    this.refuseWhenAway(request.name, waits);
    return this.store(admitted, request.deadlineMs ?? timeoutMs, waits);
  }

  private async store({ request, job }: Admitted, deadlineMs: number, waits: boolean): Promise<AddOutcome> {
    const { spool } = this.parts;
    const outcome = await new Promise<AddOutcome>((resolve, reject) => {
      const failed = (error: Error): void => {
        if (spool === null || this.closed || !wasUnsent(error)) reject(error);
        else resolve(spoolJob(spool, this.parts.queue, { request, job }));
      };
      const add = new LongAdd(this.road, request, job, deadlineMs, resolve, failed);
      add.waits = waits;
      this.buffer.add(add);
    });
    if (!outcome.deduplicated) {
      this.parts.queue.emit(JOB_ADDED, outcome.id, request.name, job.options.mq?.correlationId);
    }
    return outcome;
  }

  /** Whether adds go to the spool; what was added before and is not sent goes there first. */
  private isSpooling(spool: Spool): boolean {
    if (this.buffer.isAway) this.buffer.giveUpUnsent();
    return this.buffer.isAway || spool.holds(this.parts.queue.base);
  }

  private spoolUnsent(
    spool: Spool,
    error: Error,
    request: AddRequest,
    resolve: (outcome: AddOutcome) => void,
    reject: (error: unknown) => void,
  ): void {
    const put = async (): Promise<AddOutcome> => {
      if (this.closed || !wasUnsent(error)) throw error;
      return spoolJob(spool, this.parts.queue, await this.admit(request));
    };
    put().then(resolve, reject);
  }

  /**
   * Outcomes in the order of the requests. All are under way at the same time, without promises of their own, which would cost as
   * much as the rest of an ordinary add. Never rejects.
   */
  addMany(requests: readonly AddRequest[]): Promise<BulkAddOutcome[]> {
    return new Promise((resolve) => {
      const outcomes: BulkAddOutcome[] = [];
      let open = requests.length;
      if (open === 0) resolve(outcomes);
      const add = (request: AddRequest, position: number): void => {
        const settle = (outcome: BulkAddOutcome): void => {
          outcomes[position] = outcome;
          open -= 1;
          if (open === 0) resolve(outcomes);
        };
        const added = ({ id, deduplicated, schedule }: AddOutcome): void =>
          settle({ outcome: deduplicated ? 'deduplicated' : 'added', id, schedule });
        const failed = (error: unknown): void => settle(this.failureOf(request, error));
        if (isOrdinary(request)) this.addOrdinary(request, added, failed);
        else void this.addAny(request).then(added, failed);
      };
      this.buffer.gather(() => requests.forEach(add));
    });
  }

  private failureOf({ name }: AddRequest, error: unknown): BulkAddOutcome {
    if (error instanceof EnqueueTimeoutError) return { outcome: 'unknown', id: error.jobId ?? '', error };
    const place = { queue: this.parts.queue.name, job: name };
    return { outcome: 'rejected', error: asQueueError(error, place) };
  }

  private refuseWhenClosed(job: string): void {
    const { name: queue, isClosed } = this.parts.queue;
    if (this.closed || isClosed) throw queueClosed({ queue, job });
  }

  private refuseWhenAway(job: string, waits: boolean): void {
    if (waits || !this.buffer.isAway) return;
    throw notSent({ queue: this.parts.queue.name, job }, this.parts.connections.trouble);
  }

  private admit(request: AddRequest): Admitted | Promise<Admitted> {
    const { queue, connections } = this.parts;
    const { name, data, options, dueAt } = request;
    const now = connections.clock.now();
    const job = admitJob(queue.name, queue.definition, name, data, dueOptions(options, dueAt, now), now);
    return job instanceof Promise
      ? job.then((it) => this.admitted(request, it))
      : this.admitted(request, job);
  }

  private admitted(request: AddRequest, job: AdmittedJob): Admitted {
    this.parts.memory.check({ queue: this.parts.queue.name, job: request.name });
    return { request, job };
  }

  /** Bull's job, for those who want one. */
  private jobOf({ request, job }: Admitted, id: string): Job {
    const made = new QueueJob(this.parts.queue, request.name, JSON.parse(job.json), job.options);
    made.id = id;
    return made;
  }
}
