import { createHash } from 'node:crypto';
import type { Job } from 'bull';
import { BrokerUnavailableError, EnqueueTimeoutError } from '../../../jobs/errors.js';
import { admitJob } from '../../../admission/job-admission.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';
import type { AddOutcome, AddRequest, BulkAddOutcome } from '../../broker.js';
import { DEFAULT_JOB_NAME } from '../../rules/add-arguments.js';
import type { BulkJob } from '../../rules/add-arguments.js';
import { queueClosed } from '../../rules/add-errors.js';
import { JOB_ADDED } from '../../rules/local-events.js';
import { isCritical } from '../../rules/waiting-limit.js';
import { asQueueError, outcomeOf } from './add-outcome.js';
import { BullJob, emitSafely, internalsOf } from '../bull/bull-internals.js';
import type { EnqueuerParts } from './enqueuer-parts.js';
import { JobAdder } from './job-adder.js';
import type { AddFields, AddReply } from './job-adder.js';
import { addRepeatable } from './repeatable-adder.js';

/** How many requests of a bulk add are in flight at once. */
const BULK_WINDOW = 1_000;

interface Prepared {
  readonly request: AddRequest;
  readonly job: Job;
  readonly fields: AddFields;
  readonly bytes: number;
}

/** Adds jobs to one queue: admission, memory guard, deadline, ledger and add, whichever way a job comes in. */
export class Enqueuer {
  private readonly adder: JobAdder;
  private closed = false;

  constructor(private readonly parts: EnqueuerParts) {
    const { queue, scripts, connections } = parts;
    const { maxWaiting } = queue.definition;
    const target = { name: queue.name, base: queue.base, token: internalsOf(queue).token, maxWaiting };
    this.adder = new JobAdder(target, scripts, connections);
  }

  /** Rejects the adds that have not been sent, and all later ones. */
  close(): void {
    this.closed = true;
    this.adder.close();
  }

  /** @throws every error of an add */
  async addOnce(request: AddRequest): Promise<AddOutcome> {
    this.refuseWhenClosed(request.name);
    if (request.options.repeat !== undefined) {
      const { id } = await addRepeatable(this.parts, request);
      return { id: String(id), deduplicated: false };
    }
    return this.addPrepared(this.prepare(request));
  }

  /** Outcomes in the order of the requests. Never rejects. */
  async addMany(requests: readonly AddRequest[]): Promise<BulkAddOutcome[]> {
    const outcomes: BulkAddOutcome[] = [];
    for (let from = 0; from < requests.length; from += BULK_WINDOW) {
      const part = requests.slice(from, from + BULK_WINDOW);
      // After a timeout, the rest would only wait out their own deadlines.
      const lost = outcomes.some(({ outcome }) => outcome === 'unknown');
      outcomes.push(
        ...(lost ? part.map(() => this.notSent()) : await Promise.all(part.map((r) => this.addOne(r)))),
      );
    }
    return outcomes;
  }

  /** Bull's `add`. */
  async addJob(name: string, data: unknown, options: ManagedJobOptions): Promise<Job> {
    this.refuseWhenClosed(name);
    const request = { name, data: data as object, options };
    if (options.repeat !== undefined) return addRepeatable(this.parts, request);
    const prepared = this.prepare(request);
    prepared.job.id = (await this.addPrepared(prepared)).id;
    return prepared.job;
  }

  /** Bull's `addBulk`: every job is checked before the first one is sent. */
  async addJobs(jobs: readonly BulkJob[]): Promise<Job[]> {
    this.refuseWhenClosed(jobs[0]?.name ?? DEFAULT_JOB_NAME);
    const prepared = jobs.map(({ name = DEFAULT_JOB_NAME, data, opts }) =>
      this.prepare({ name, data: data as object, options: opts ?? {} }),
    );
    const results = await Promise.allSettled(prepared.map((one) => this.addPrepared(one)));
    return results.map((result, i) => {
      if (result.status === 'rejected') throw result.reason;
      const { job } = prepared[i] as Prepared;
      job.id = result.value.id;
      return job;
    });
  }

  private async addPrepared(prepared: Prepared): Promise<AddOutcome> {
    const { queue } = this.parts;
    const outcome = outcomeOf(queue, prepared, await this.send(prepared));
    if (!outcome.deduplicated) emitSafely(queue, JOB_ADDED, outcome.id, prepared.request.name);
    return outcome;
  }

  private async addOne(request: AddRequest): Promise<BulkAddOutcome> {
    try {
      const { id, deduplicated } = await this.addOnce(request);
      return { outcome: deduplicated ? 'deduplicated' : 'added', id };
    } catch (error) {
      if (error instanceof EnqueueTimeoutError) return { outcome: 'unknown', id: error.jobId ?? '', error };
      return {
        outcome: 'rejected',
        error: asQueueError(error, { queue: this.parts.queue.name, job: request.name }),
      };
    }
  }

  private refuseWhenClosed(job: string): void {
    const { name: queue, isClosed } = this.parts.queue;
    if (this.closed || isClosed) throw queueClosed({ queue, job });
  }

  private notSent(): BulkAddOutcome {
    const queue = this.parts.queue.name;
    const message = `Redis stopped answering during a bulk add to queue "${queue}"; this job was not sent.`;
    return { outcome: 'rejected', error: new BrokerUnavailableError(message, { queue }) };
  }

  private prepare(request: AddRequest): Prepared {
    const { queue } = this.parts;
    const { name } = request;
    const admitted = admitJob(
      queue.name,
      queue.definition,
      name,
      request.data,
      request.options,
      this.parts.now(),
    );
    this.parts.memory.check({ queue: queue.name, job: name });
    const job = new BullJob(queue, name, admitted.data, admitted.options);
    const { options } = admitted;
    const id = String(options.jobId);
    job.id = id;
    const { idempotency } = request;
    const fields: AddFields = {
      id,
      name,
      data: admitted.json,
      opts: JSON.stringify(job.opts),
      timestamp: job.timestamp,
      delay: job.delay,
      priority: options.priority ?? 0,
      lifo: options.lifo === true ? '1' : '',
      debounceId: options.debounce?.id ?? '',
      debounceTtl: options.debounce?.ttl ?? '',
      critical: isCritical(request.critical, options) ? '1' : '',
      onceKey:
        idempotency === undefined ? '' : createHash('sha256').update(idempotency.key).digest('base64url'),
      fingerprint: idempotency?.fingerprint ?? '',
      onceTtl: idempotency?.ttlMs ?? '',
      generated: request.options.jobId === undefined ? '1' : '',
    };
    return { request, job, fields, bytes: admitted.bytes };
  }

  private async send({ fields, bytes, request }: Prepared): Promise<AddReply> {
    try {
      return await this.adder.add(fields, bytes, request.deadlineMs ?? this.parts.timeoutMs);
    } catch (error) {
      throw asQueueError(error, {
        queue: this.parts.queue.name,
        job: request.name,
        jobId: String(fields.id),
      });
    }
  }
}
