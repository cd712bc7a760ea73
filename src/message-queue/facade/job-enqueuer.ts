import type { AddRequest, BulkAddOutcome } from '../broker/broker.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import type { RegisteredQueues } from '../broker/registry/registered-queues.js';
import type { Clock } from '../../kernel/time/clock.js';
import { mustBe, shown } from '../../kernel/values/words.js';
import { didYouMean } from '../../kernel/values/did-you-mean.js';
import { MessageQueueError } from '../../kernel/errors.js';
import { InvalidPayloadError, UnknownJobNameError } from '../jobs/errors.js';
import type { EnqueueCheck } from '../admission/enqueue-check.js';
import { fingerprintOf } from '../admission/fingerprint.js';
import { admitJob } from '../admission/job-admission.js';
import type { AdmittedJob } from '../admission/job-admission.js';
import { toJsonPayload } from '../admission/json-payload.js';
import { mapEnqueueOptions } from '../admission/job-options.js';
import type { EnqueueOptions } from '../admission/job-options.js';
import { validatePayload } from '../admission/payload-validator.js';
import { plainText } from '../../kernel/values/plain-text.js';
import type { BulkJob, BulkReceipt, JobReceipt } from './job-receipt.js';
import { OrdinaryAdds } from './ordinary-adds.js';
import type { OrdinaryPlace } from './ordinary-adds.js';

/** Jobs of a bulk add that are checked at the same time. */
const CHECKED_AT_ONCE = 100;

/** The first half of a job's path: find the queue, check options and payload, hand it to the broker. */
export class JobEnqueuer {
  readonly #ordinary: OrdinaryAdds;

  constructor(
    private readonly queues: RegisteredQueues,
    private readonly clock: Clock,
    private readonly checks: readonly EnqueueCheck[],
  ) {
    this.#ordinary = new OrdinaryAdds(queues, checks);
  }

  /** Adds one job. @throws what `MessageQueueService.enqueue` throws */
  async add(
    queueName: string,
    jobName: string,
    payload: unknown,
    options?: EnqueueOptions,
  ): Promise<JobReceipt> {
    const place = this.#ordinary.find(queueName, jobName);
    const ordinary = place && this.#ordinary.requestOf(place, jobName, payload, options);
    const managed = place?.managed ?? this.queues.get(queueName);
    const request = ordinary ?? (await this.#request(managed, jobName, payload, options));
    if (place === undefined && this.queues.isOverridden(queueName)) {
      return this.#addToOverride(managed, request);
    }
    const { id, deduplicated } = await managed.broker.addOnce(managed.queue, request);
    return { id, queue: queueName, name: jobName, deduplicated };
  }

  /** Checks a job as `add` does, and adds nothing. */
  async check(queueName: string, jobName: string, payload: unknown, options?: EnqueueOptions): Promise<void> {
    const managed = this.queues.get(queueName);
    this.#admitted(managed, await this.#request(managed, jobName, payload, options));
  }

  /** Adds many jobs of one name; one that is wrong is rejected by itself. */
  async addMany(
    queueName: string,
    jobName: string,
    jobs: readonly BulkJob<unknown>[],
  ): Promise<BulkReceipt[]> {
    const managed = this.queues.get(queueName);
    const given: unknown = jobs;
    if (!Array.isArray(given)) {
      const place = { queue: queueName, job: jobName };
      const issues = [{ path: 'jobs', message: mustBe('a list of { payload, options? }', shown(given)) }];
      throw new InvalidPayloadError(`A bulk add to queue "${queueName}" is wrong:`, issues, place);
    }
    const place = this.#ordinary.find(queueName, jobName);
    const receipts: BulkReceipt[] = [];
    const requests: AddRequest[] = [];
    const indexes: number[] = [];
    for (let start = 0; start < jobs.length; start += CHECKED_AT_ONCE) {
      const some = jobs.slice(start, start + CHECKED_AT_ONCE);
      const made = some.map((job) => this.#ordinaryOf(place, jobName, job));
      if (made.includes(undefined)) {
        const others = some.map(async (job, i) => {
          try {
            made[i] ??= await this.#bulkRequest(managed, jobName, job);
          } catch (error) {
            receipts[start + i] = rejected(queueName, jobName, error);
          }
        });
        await Promise.all(others);
      }
      made.forEach((request, i) => {
        if (request !== undefined) indexes[requests.push(request) - 1] = start + i;
      });
    }
    const outcomes = await this.#addAll(managed, requests);
    outcomes.forEach((outcome, position) => {
      receipts[indexes[position] as number] = { ...outcome, queue: queueName, name: jobName };
    });
    return receipts;
  }

  async #addAll(managed: ManagedQueue, requests: readonly AddRequest[]): Promise<BulkAddOutcome[]> {
    if (requests.length === 0) return [];
    if (!this.queues.isOverridden(managed.definition.name)) {
      return managed.broker.addMany(managed.queue, requests);
    }
    const receipts = await Promise.all(requests.map((request) => this.#addToOverride(managed, request)));
    return receipts.map(({ id }) => ({ outcome: 'added', id }));
  }

  #ordinaryOf(
    place: OrdinaryPlace | undefined,
    jobName: string,
    job: BulkJob<unknown>,
  ): AddRequest | undefined {
    if (place === undefined || !isBulkJob(job)) return undefined;
    return this.#ordinary.requestOf(place, jobName, job.payload, job.options);
  }

  async #bulkRequest(managed: ManagedQueue, jobName: string, job: BulkJob<unknown>): Promise<AddRequest> {
    if (!isBulkJob(job)) {
      const place = { queue: managed.definition.name, job: jobName };
      const issues = [{ path: 'payload', message: 'is missing; each job is { payload, options? }' }];
      throw new InvalidPayloadError(`A job of a bulk add to queue "${place.queue}" is wrong:`, issues, place);
    }
    return this.#request(managed, jobName, job.payload, job.options);
  }

  async #request(
    { definition }: ManagedQueue,
    jobName: string,
    data: unknown,
    enqueueOptions?: EnqueueOptions,
  ): Promise<AddRequest> {
    const place = { queue: definition.name, job: jobName };
    const type = Object.hasOwn(definition.jobs, jobName) ? definition.jobs[jobName] : undefined;
    if (type === undefined) {
      const names = Object.keys(definition.jobs);
      throw new UnknownJobNameError(
        `Queue "${definition.name}" has no job ${JSON.stringify(jobName)}.${didYouMean(plainText(jobName), names)} It has: ${names.join(', ')}.`,
        place,
      );
    }
    const { options, idempotency, critical, deadlineMs } = mapEnqueueOptions(
      place,
      enqueueOptions,
      this.clock.now(),
    );
    const payload = await validatePayload(type, data, place, definition.maxPayloadBytes);
    for (const check of this.checks) {
      if (check.queue === place.queue && check.job === jobName) await check.check(payload, place);
    }
    const written = toJsonPayload(payload, definition.maxPayloadBytes, place);
    // The broker admits the job: an id that it makes itself lets it tell a call sent twice from an id used twice.
    const request = { name: jobName, data: written, options, critical, deadlineMs };
    if (idempotency === undefined) return request;
    return { ...request, idempotency: { ...idempotency, fingerprint: fingerprintOf(payload, jobName) } };
  }

  /** What a test put under the queue's token gets Bull's own call. */
  async #addToOverride(managed: ManagedQueue, request: AddRequest): Promise<JobReceipt> {
    const { queue, definition } = managed;
    const { json, options } = this.#admitted(managed, request);
    const job: unknown = await queue.add(request.name, JSON.parse(json) as object, options);
    const { id = options.jobId } = (job ?? {}) as { readonly id?: string | number };
    return { id: plainText(id), queue: definition.name, name: request.name, deduplicated: false };
  }

  /** The request as a broker would store it. @throws what a broker's gate throws */
  #admitted({ definition }: ManagedQueue, { name, data, options }: AddRequest): AdmittedJob {
    return admitJob(definition.name, definition, name, data, options, this.clock.now());
  }
}

function isBulkJob(job: unknown): boolean {
  return typeof job === 'object' && job !== null && 'payload' in job;
}

function rejected(queue: string, name: string, reason: unknown): BulkReceipt {
  if (reason instanceof MessageQueueError) return { outcome: 'rejected', queue, name, error: reason };
  throw reason;
}
