import { MessageQueueError } from '../../../kernel/errors.js';

/**
 * The cluster refused a request, or part of one, or could not be reached; the job is tried again by its queue's rules, and doing
 * all of it again is safe. Carries the cluster's kind of error and never its text, which may quote a document.
 */
export class SearchClusterError extends MessageQueueError {
  readonly code = 'SEARCH_CLUSTER';

  constructor(
    what: string,
    /** HTTP status of the answer or of the item; null when there was no answer. */
    readonly status: number | null,
    /** The cluster's, such as `es_rejected_execution_exception`, or of Node's network, such as `ECONNREFUSED`. */
    readonly kind: string,
    cause?: Error,
  ) {
    super(`The search cluster could not ${what}: ${kind}${status === null ? '' : ` (${status})`}.`, {
      cause,
    });
  }
}
