import type { AddRequest, BulkAddOutcome } from '../broker/broker.js';
import type { JobTraces } from '../telemetry/traces/job-traces.js';
import { ProcessActivity } from '../jobs/activity/process-activity.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import type { RegisteredQueues } from '../broker/registry/registered-queues.js';
import { mustBe, shown } from '../../kernel/values/words.js';
import { InvalidPayloadError } from '../jobs/errors.js';
import { KeyUnavailableError } from '../jobs/sealing/sealing-errors.js';
import type { EnqueueCheck } from '../admission/enqueue-check.js';
import { admitJob } from '../admission/job-admission.js';
import type { AdmittedJob } from '../admission/job-admission.js';
import { dueOptions } from '../admission/flow/due-time.js';
import type { EnqueueOptions } from '../admission/job-options.js';
import { plainText } from '../../kernel/values/plain-text.js';
import { isBulkJob, notSent, rejected } from './bulk-receipts.js';
import type { BulkJob, BulkReceipt, JobReceipt } from './job-receipt.js';
import { assertSameJob, bulkReceiptOf } from './used-job-id.js';
import { longRequest } from './long-request.js';
import { OrdinaryAdds } from './ordinary-adds.js';
import type { OrdinaryPlace } from './ordinary-adds.js';

/** Jobs of a bulk add that are under way at the same time. */
const BULK_WINDOW = 1_000;
/** Jobs of a bulk add that are checked before the broker gets them. */
const CHECKED_AT_ONCE = 100;

/** The first half of a job's path: find the queue, check options and payload, hand it to the broker. */
export class JobEnqueuer {
  readonly #ordinary: OrdinaryAdds;

  constructor(
    private readonly queues: RegisteredQueues,
    private readonly checks: readonly EnqueueCheck[],
    private readonly activity = new ProcessActivity(),
    private readonly traces?: JobTraces,
  ) {
    this.#ordinary = new OrdinaryAdds(queues, checks);
  }

  /** Adds one job. @throws what `MessageQueueService.enqueue` throws */
  add(queueName: string, jobName: string, payload: unknown, options?: EnqueueOptions): Promise<JobReceipt> {
    const { traces } = this;
    if (traces?.isOn !== true) return this.#add(queueName, jobName, payload, options);
    const add = (trace?: string): Promise<JobReceipt> =>
      this.#add(queueName, jobName, payload, options, trace);
    return traces.sending(plainText(queueName), undefined, add, ({ id }) => id);
  }

  async #add(
    queueName: string,
    jobName: string,
    payload: unknown,
    options?: EnqueueOptions,
    trace?: string,
  ): Promise<JobReceipt> {
    try {
      const place = this.#ordinary.find(queueName, jobName);
      const ordinary = place && this.#ordinary.requestOf(place, jobName, payload, options);
      const managed = place?.managed ?? this.queues.get(queueName);
      const plain = ordinary ?? (await longRequest(managed, this.checks, jobName, payload, options));
      const request = traced(plain, trace);
      if (place === undefined && this.queues.isOverridden(queueName)) {
        return await this.#addToOverride(managed, request);
      }
      const { id, deduplicated, schedule } = await managed.broker.addOnce(managed.queue, request);
      if (schedule !== undefined) return { id, queue: queueName, name: jobName, deduplicated, schedule };
      if (deduplicated) await assertSameJob(managed, request, id);
      return { id, queue: queueName, name: jobName, deduplicated };
    } catch (error) {
      this.activity.refuse(queueName, jobName, error);
      throw error;
    }
  }

  /** Checks a job as `add` does, and adds nothing. */
  async check(queueName: string, jobName: string, payload: unknown, options?: EnqueueOptions): Promise<void> {
    const managed = this.queues.get(queueName);
    try {
      await this.#admitted(managed, await longRequest(managed, this.checks, jobName, payload, options));
    } catch (error) {
      // It is sealed last: that there is no key for now says nothing against the job.
      if (!(error instanceof KeyUnavailableError)) throw error;
    }
  }

  /** Adds many jobs of one name; one that is wrong is rejected by itself. */
  addMany(queueName: string, jobName: string, jobs: readonly BulkJob<unknown>[]): Promise<BulkReceipt[]> {
    const { traces } = this;
    if (traces?.isOn !== true) return this.#addMany(queueName, jobName, jobs);
    const add = (trace?: string): Promise<BulkReceipt[]> => this.#addMany(queueName, jobName, jobs, trace);
    return traces.sending(plainText(queueName), lengthOf(jobs), add, () => undefined);
  }

  async #addMany(
    queueName: string,
    jobName: string,
    jobs: readonly BulkJob<unknown>[],
    trace?: string,
  ): Promise<BulkReceipt[]> {
    const managed = this.queues.get(queueName);
    const given: unknown = jobs;
    if (!Array.isArray(given)) {
      const place = { queue: queueName, job: jobName };
      const issues = [{ path: 'jobs', message: mustBe('a list of { payload, options? }', shown(given)) }];
      throw new InvalidPayloadError(`A bulk add to queue "${queueName}" is wrong:`, issues, place);
    }
    const receipts: BulkReceipt[] = [];
    for (let start = 0; start < jobs.length; start += BULK_WINDOW) {
      const window = jobs.slice(start, start + BULK_WINDOW);
      // After a timeout, the rest would only wait out their own deadlines.
      const isLost = receipts.some(({ outcome }) => outcome === 'unknown');
      receipts.push(
        ...(isLost
          ? window.map(() => notSent(queueName, jobName))
          : await this.#addWindow(managed, jobName, window, trace)),
      );
    }
    for (const one of receipts)
      if (one.outcome === 'rejected') this.activity.refuse(queueName, jobName, one.error);
    return receipts;
  }

  /** The broker gets the first jobs while the others are checked. */
  async #addWindow(
    managed: ManagedQueue,
    jobName: string,
    jobs: readonly BulkJob<unknown>[],
    trace: string | undefined,
  ): Promise<BulkReceipt[]> {
    const receipts: BulkReceipt[] = [];
    const added: Promise<void>[] = [];
    for (let start = 0; start < jobs.length; start += CHECKED_AT_ONCE) {
      const some = jobs.slice(start, start + CHECKED_AT_ONCE);
      const checked = await this.#checkAll(managed, jobName, some);
      const requests: AddRequest[] = [];
      const positions: number[] = [];
      checked.forEach((one, i) => {
        if ('outcome' in one) receipts[start + i] = one;
        else positions[requests.push(traced(one, trace)) - 1] = start + i;
      });
      const stored = this.#addAll(managed, requests).then(async (outcomes) => {
        for (const [i, outcome] of outcomes.entries()) {
          const request = requests[i] as AddRequest;
          receipts[positions[i] as number] = await bulkReceiptOf(managed, request, outcome);
        }
      });
      // Heard below, once all are under way.
      stored.catch(() => undefined);
      if (managed.broker.addsInTurn) await stored;
      added.push(stored);
    }
    await Promise.all(added);
    return receipts;
  }

  /** The requests of those that are right, the receipts of the others; at once when all are ordinary. */
  #checkAll(
    managed: ManagedQueue,
    jobName: string,
    jobs: readonly BulkJob<unknown>[],
  ): (AddRequest | BulkReceipt)[] | Promise<(AddRequest | BulkReceipt)[]> {
    const queueName = managed.definition.name;
    const place = this.#ordinary.find(queueName, jobName);
    const made = jobs.map((job) => this.#ordinaryOf(place, jobName, job));
    if (!made.includes(undefined)) return made as AddRequest[];
    const others = made.map(async (request, i) => {
      try {
        return request ?? (await this.#bulkRequest(managed, jobName, jobs[i] as BulkJob<unknown>));
      } catch (error) {
        return rejected(queueName, jobName, error);
      }
    });
    return Promise.all(others);
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
    try {
      if (place === undefined || !isBulkJob(job)) return undefined;
      return this.#ordinary.requestOf(place, jobName, job.payload, job.options);
    } catch {
      // Such as a getter that throws: the long road says so of this job alone.
      return undefined;
    }
  }

  async #bulkRequest(managed: ManagedQueue, jobName: string, job: BulkJob<unknown>): Promise<AddRequest> {
    if (!isBulkJob(job)) {
      const place = { queue: managed.definition.name, job: jobName };
      const issues = [{ path: 'payload', message: 'is missing; each job is { payload, options? }' }];
      throw new InvalidPayloadError(`A job of a bulk add to queue "${place.queue}" is wrong:`, issues, place);
    }
    return longRequest(managed, this.checks, jobName, job.payload, job.options);
  }

  /** What a test put under the queue's token gets Bull's own call. */
  async #addToOverride(managed: ManagedQueue, request: AddRequest): Promise<JobReceipt> {
    const { queue, definition } = managed;
    const { json, options } = await this.#admitted(managed, request);
    const job: unknown = await queue.add(request.name, JSON.parse(json) as object, options);
    const { id = options.jobId } = (job ?? {}) as { readonly id?: string | number };
    return { id: plainText(id), queue: definition.name, name: request.name, deduplicated: false };
  }

  /** The request as a broker would store it. @throws what a broker's gate throws */
  #admitted(
    { definition, broker }: ManagedQueue,
    { name, data, options, dueAt }: AddRequest,
  ): AdmittedJob | Promise<AdmittedJob> {
    const now = broker.now();
    return admitJob(definition.name, definition, name, data, dueOptions(options, dueAt, now), now);
  }
}

/** What runs of the job are found by. Runs of a schedule, for years perhaps, are no part of what added it. */
function traced(request: AddRequest, trace: string | undefined): AddRequest {
  const { options } = request;
  if (trace === undefined || options.repeat !== undefined) return request;
  return { ...request, ordinary: false, options: { ...options, mq: { ...options.mq, trace } } };
}

function lengthOf(jobs: unknown): number {
  return Array.isArray(jobs) ? jobs.length : 0;
}
