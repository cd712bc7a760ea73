import { MessageQueueError } from '../../../kernel/errors.js';
import { BrokerUnavailableError } from '../../jobs/errors.js';
import type { AddOutcome, AddRequest, BulkAddOutcome } from '../broker.js';
import type { ManagedMemoryQueue } from './managed-memory-queue.js';

/** Adds one job of a bulk add: at once, unless the key that seals it has to be waited for. Never throws, never rejects. */
export function tryAdd(
  queue: ManagedMemoryQueue,
  request: AddRequest,
): BulkAddOutcome | Promise<BulkAddOutcome> {
  const failed = (thrown: unknown): BulkAddOutcome => rejectedAdd(queue.name, request.name, thrown);
  try {
    const added = queue.addOnce(request);
    return added instanceof Promise ? added.then(bulkOutcomeOf, failed) : bulkOutcomeOf(added);
  } catch (thrown) {
    return failed(thrown);
  }
}

function bulkOutcomeOf({ id, deduplicated, schedule }: AddOutcome): BulkAddOutcome {
  return { outcome: deduplicated ? 'deduplicated' : 'added', id, schedule };
}

function rejectedAdd(queue: string, job: string, thrown: unknown): BulkAddOutcome {
  if (thrown instanceof MessageQueueError) return { outcome: 'rejected', error: thrown };
  const message = `Job "${job}" could not be added to queue "${queue}".`;
  return { outcome: 'rejected', error: new BrokerUnavailableError(message, { queue, job, cause: thrown }) };
}
