import { createHash } from 'node:crypto';
import type { Job } from 'bull';
import {
  BrokerUnavailableError,
  EnqueueTimeoutError,
  IdempotencyConflictError,
  MessageQueueError,
  QueueFullError,
} from '../../jobs/errors.js';
import { admitJob } from '../../jobs/job-admission.js';
import type { ManagedJobOptions } from '../../jobs/managed-job.js';
import type { AddOutcome, AddRequest, BulkAddOutcome } from '../broker.js';
import { BullJob, internalsOf } from './bull-internals.js';
import { JobAdder } from './job-adder.js';
import type { AddFields, AddReply } from './job-adder.js';
import { memoryError } from './memory-guard.js';
import type { MemoryGuard } from './memory-guard.js';
import type { RedisConnections } from './redis-connections.js';
import type { BulkJob, RedisQueue } from './redis-queue.js';
import type { RedisScripts } from './redis-scripts.js';

/** Bull's most important priority; our CRITICAL. */
const CRITICAL_BULL_PRIORITY = 1;
const FULL_RETRY_AFTER_MS = 1_000;
/** Requests of a bulk add that are under way at the same time. */
const BULK_WINDOW = 1_000;

interface Prepared {
  readonly request: AddRequest;
  readonly job: Job;
  readonly fields: AddFields;
  readonly bytes: number;
}

/** What adding to one queue stands on. */
export interface EnqueuerParts {
  readonly queue: RedisQueue;
  readonly scripts: RedisScripts;
  readonly connections: RedisConnections;
  readonly memory: MemoryGuard;
  readonly timeoutMs: number;
  readonly now: () => number;
}

/** Adds jobs to one queue: admission, memory guard, deadline, ledger and add, for all ways in. */
export class Enqueuer {
  private readonly adder: JobAdder;

  constructor(private readonly parts: EnqueuerParts) {
    const { queue, scripts, connections } = parts;
    const { maxWaiting } = queue.definition;
    const target = { name: queue.name, base: queue.base, token: internalsOf(queue).token, maxWaiting };
    this.adder = new JobAdder(target, scripts, connections);
  }

  close(): void {
    this.adder.close();
  }

  /** @throws every error of an add */
  async addOnce(request: AddRequest): Promise<AddOutcome> {
    if (request.options.repeat !== undefined) return this.addRepeatable(request);
    const prepared = this.prepare(request);
    return this.outcome(prepared, await this.send(prepared));
  }

  /** Outcomes in the order of the requests. Never rejects. */
  async addMany(requests: readonly AddRequest[]): Promise<BulkAddOutcome[]> {
    const outcomes: BulkAddOutcome[] = [];
    for (let from = 0; from < requests.length; from += BULK_WINDOW) {
      const part = requests.slice(from, from + BULK_WINDOW);
      // After a time-out the rest would only wait its own deadlines out.
      const lost = outcomes.some(({ outcome }) => outcome === 'unknown');
      outcomes.push(
        ...(lost ? part.map(() => this.notSent()) : await Promise.all(part.map((r) => this.addOne(r)))),
      );
    }
    return outcomes;
  }

  /** Bull's `add`. */
  async addJob(name: string, data: unknown, options: ManagedJobOptions): Promise<Job> {
    const request = { name, data: data as object, options };
    if (options.repeat !== undefined) return this.repeatableJob(request);
    const prepared = this.prepare(request);
    const { id } = this.outcome(prepared, await this.send(prepared));
    prepared.job.id = id;
    return prepared.job;
  }

  /** Bull's `addBulk`: every job is checked before the first one is sent. */
  async addJobs(jobs: readonly BulkJob[]): Promise<Job[]> {
    const prepared = jobs.map(({ name = '', data, opts }) =>
      this.prepare({ name, data: data as object, options: (opts ?? {}) as ManagedJobOptions }),
    );
    const results = await Promise.allSettled(prepared.map((one) => this.send(one)));
    return results.map((result, i) => {
      if (result.status === 'rejected') throw result.reason;
      const { job } = prepared[i] as Prepared;
      job.id = this.outcome(prepared[i] as Prepared, result.value).id;
      return job;
    });
  }

  private async addOne(request: AddRequest): Promise<BulkAddOutcome> {
    try {
      const { id, deduplicated } = await this.addOnce(request);
      return { outcome: deduplicated ? 'deduplicated' : 'added', id };
    } catch (error) {
      if (error instanceof EnqueueTimeoutError) return { outcome: 'unknown', id: error.jobId ?? '', error };
      return { outcome: 'rejected', error: asQueueError(error, this.parts.queue.name) };
    }
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
    this.parts.memory.check(queue.name);
    const job = new BullJob(queue, name, admitted.data, admitted.options);
    const { options } = admitted;
    job.id = String(options.jobId);
    const { idempotency } = request;
    const critical = request.critical ?? options.priority === CRITICAL_BULL_PRIORITY;
    const fields: AddFields = {
      id: String(job.id),
      name,
      data: admitted.json,
      opts: JSON.stringify(job.opts),
      timestamp: job.timestamp,
      delay: job.delay,
      priority: options.priority ?? 0,
      lifo: options.lifo === true ? '1' : '',
      debounceId: options.debounce?.id ?? '',
      debounceTtl: options.debounce?.ttl ?? '',
      critical: critical ? '1' : '',
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
      const { name } = this.parts.queue;
      if (error instanceof MessageQueueError) throw error;
      if (error instanceof Error && error.message.startsWith('OOM')) throw memoryError(name, 0, 0, error);
      throw asQueueError(error, name);
    }
  }

  private outcome({ request, fields }: Prepared, reply: AddReply): AddOutcome {
    const { name, definition } = this.parts.queue;
    const place = { queue: name, job: request.name, jobId: reply.id };
    if (reply.status === 'full') {
      throw new QueueFullError(
        `Queue "${name}" holds ${reply.depth} waiting jobs; its limit is ${definition.maxWaiting}. Nothing was added: ` +
          'try again later, add workers, or raise maxWaiting.',
        reply.depth,
        definition.maxWaiting,
        FULL_RETRY_AFTER_MS,
        { queue: name, job: request.name },
      );
    }
    if (reply.status === 'conflict') {
      const key = request.idempotency?.key ?? '';
      throw new IdempotencyConflictError(
        `Idempotency key "${key}" was used for job "${reply.id}" of queue "${name}" with another payload. ` +
          'Use a new key for a new payload.',
        place,
      );
    }
    // The ledger may know the key from this very call, whose first answer was lost.
    return {
      id: reply.id,
      deduplicated: reply.status !== 'added' && !(reply.status === 'once' && reply.id === fields.id),
    };
  }

  private async addRepeatable(request: AddRequest): Promise<AddOutcome> {
    const job = await this.repeatableJob(request);
    return { id: String(job.id), deduplicated: false };
  }

  private async repeatableJob(request: AddRequest): Promise<Job> {
    const { queue, now, timeoutMs, connections, memory } = this.parts;
    const { data, options } = admitJob(
      queue.name,
      queue.definition,
      request.name,
      request.data,
      request.options,
      now(),
    );
    memory.check(queue.name);
    const deadlineMs = request.deadlineMs ?? timeoutMs;
    const startedAt = performance.now();
    if (await connections.ready(deadlineMs)) {
      let timer: NodeJS.Timeout | undefined;
      const tooLate = new Promise<null>((resolve) => {
        timer = setTimeout(() => resolve(null), deadlineMs - (performance.now() - startedAt));
      });
      const job = await Promise.race([queue.addRepeatable(request.name, data, options), tooLate]);
      clearTimeout(timer);
      if (job !== null) return job;
    }
    throw new EnqueueTimeoutError(
      `Redis did not answer within ${deadlineMs} ms when repeatable job "${request.name}" was added to queue ` +
        `"${queue.name}". Outcome unknown: the same call again is safe.`,
      { queue: queue.name, job: request.name },
    );
  }
}

function asQueueError(error: unknown, queue: string): MessageQueueError {
  if (error instanceof MessageQueueError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new BrokerUnavailableError(`Redis refused a job for queue "${queue}": ${text}`, {
    queue,
    cause: error,
  });
}
