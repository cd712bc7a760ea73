import { fingerprintOf } from '../admission/fingerprint.js';
import type { AddRequest, BulkAddOutcome } from '../broker/broker.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import { IdempotencyConflictError } from '../jobs/errors.js';
import type { SealedJob } from '../jobs/sealing/payload-seal.js';
import { JsonPayload } from '../admission/payloads/json-payload.js';
import { answerOf } from './broker-answer.js';
import { receiptOf, rejected } from './bulk-receipts.js';
import type { BulkReceipt } from './job-receipt.js';
import { isSealed } from '../jobs/sealing/payload-seal.js';

/**
 * An add whose `jobId` is used already is a repeat if it is of the same job with the same payload; with another one its caller would take for
 * done what nobody does. A job that is gone, or that nobody can open any more, is not compared.
 * @throws IdempotencyConflictError; KeyUnavailableError; BrokerUnavailableError when the job that has the id cannot be read within 2 s
 */
export async function assertSameJob(
  managed: ManagedQueue,
  request: AddRequest,
  jobId: string,
): Promise<void> {
  const { data, options, idempotency } = request;
  // A key says more than an id, and a schedule is no job.
  if (options.jobId === undefined || options.repeat !== undefined || idempotency !== undefined) return;
  // The connection may go silent between both answers, and would be known to be away only after seconds.
  const stored = await answerOf(
    managed,
    `the job that has the id "${jobId}" already`,
    managed.queue.getJob(jobId),
  );
  if (stored === null || !(data instanceof JsonPayload)) return;
  const version = (stored.opts as AddRequest['options']).mq?.version;
  // What was written for another version of the payload is not comparable.
  if (stored.name === request.name && version !== options.mq?.version) return;
  const [known, now] = await Promise.all([
    opened(managed, { job: stored.name, jobId }, stored.data),
    opened(managed, { job: request.name, jobId }, JSON.parse(data.json)),
  ]);
  if (known === undefined || now === undefined) return;
  if (fingerprintOf(known, stored.name) === fingerprintOf(now, request.name)) return;
  const queue = managed.definition.name;
  throw new IdempotencyConflictError(
    `Job id "${jobId}" of queue "${queue}" belongs to a job with another name or payload, so nothing was added. Use a new id for a new payload.`,
    { queue, job: request.name, jobId },
  );
}

/** What became of one job of a bulk add: one whose id is another job's is refused. */
export async function bulkReceiptOf(
  managed: ManagedQueue,
  request: AddRequest,
  outcome: BulkAddOutcome,
): Promise<BulkReceipt> {
  const queue = managed.definition.name;
  try {
    if (outcome.outcome === 'deduplicated') await assertSameJob(managed, request, outcome.id);
    return receiptOf(outcome, queue, request.name);
  } catch (error) {
    return rejected(queue, request.name, error);
  }
}

/** Undefined: nobody can read it any more. */
async function opened(
  { definition }: ManagedQueue,
  job: SealedJob,
  data: unknown,
): Promise<object | undefined> {
  if (!isSealed(data)) return data as object;
  const payload = await definition.seal?.open(job, data);
  return payload === undefined || payload === 'shredded' ? undefined : (payload.data as object);
}
