import { MessageQueueError } from '../../kernel/errors.js';
import type { BulkAddOutcome } from '../broker/broker.js';
import { BrokerUnavailableError, InvalidPayloadError } from '../jobs/errors.js';
import { toError } from '../jobs/failure-record.js';
import type { BulkReceipt } from './job-receipt.js';

/** What became of one job. Without a spread: fields that are added to one cost V8 a shape of its own for each job. */
export function receiptOf(outcome: BulkAddOutcome, queue: string, name: string): BulkReceipt {
  switch (outcome.outcome) {
    case 'rejected':
      return { outcome: 'rejected', queue, name, error: outcome.error };
    case 'unknown':
      return { outcome: 'unknown', id: outcome.id, queue, name, error: outcome.error };
    default:
      return outcome.schedule === undefined
        ? { outcome: outcome.outcome, id: outcome.id, queue, name }
        : { outcome: outcome.outcome, id: outcome.id, queue, name, schedule: outcome.schedule };
  }
}

/** Whether a value is one of the jobs that a bulk add takes. */
export function isBulkJob(job: unknown): boolean {
  return typeof job === 'object' && job !== null && 'payload' in job;
}

/** Of a job that is wrong, whatever its check throws: the jobs before this one may be stored already. */
export function rejected(queue: string, name: string, reason: unknown): BulkReceipt {
  if (reason instanceof MessageQueueError) return { outcome: 'rejected', queue, name, error: reason };
  const headline = `A job of a bulk add to queue "${queue}" could not be checked:`;
  const issues = [{ path: 'payload', message: toError(reason).message }];
  const error = new InvalidPayloadError(headline, issues, { queue, job: name, cause: reason });
  return { outcome: 'rejected', queue, name, error };
}

/** Of a job that was not sent, because Redis stopped answering to those before it. */
export function notSent(queue: string, name: string): BulkReceipt {
  const message = `Redis stopped answering during a bulk add to queue "${queue}"; this job was not sent.`;
  return { outcome: 'rejected', queue, name, error: new BrokerUnavailableError(message, { queue }) };
}
