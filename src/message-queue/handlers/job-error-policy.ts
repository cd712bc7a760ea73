import type { JobContext } from './job-context.js';

/** What a processor may say about an error of one of its handlers. */
export type ErrorVerdict = 'retry' | 'dead-letter';

/**
 * A processor class may implement it to decide per error. `retry`: as long as attempts are left, even for an error that
 * says it is unrecoverable; `dead-letter`: at once; undefined: the usual rules. Not asked for timeouts, cancellation,
 * shutdown, `RetryLater`, open circuits and destinations that are waited for.
 */
export interface JobErrorPolicy {
  onError(error: Error, context: JobContext): ErrorVerdict | undefined;
}
