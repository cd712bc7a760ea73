import { CancelledError } from '../jobs/errors.js';
import { errorTextOf, errorWith, withoutText } from '../../kernel/logging/error-text.js';
import { boundedError } from '../jobs/failure-record.js';
import type { ErrorTexts } from '../privacy/privacy-settings.js';
import { leavesOf } from '../privacy/scrubbing/content-leaves.js';
import { sealedFieldsOf } from '../privacy/sealed-fields.decorators.js';
import { scrubbedError } from '../privacy/scrubbing/scrubbed-error.js';
import type { Run } from './run.js';

/**
 * A run's error as everybody is told of it but the handler, the middleware around it and the processor's `onError`: Redis, logs, events,
 * `onJobEnd`, notifiers, the board. Of a queue that is not sealed it is the error itself, bounded.
 */
export function toldError(run: Run, error: Error, errorTexts: ErrorTexts): Error {
  if (run.definition.sealed !== true) return boundedError(error);
  const isOurs = error === run.ending();
  // Whoever cancels a job says why in words of his own.
  if (isOurs && error instanceof CancelledError) return errorWith(error, errorTextOf(error));
  if (errorTexts === 'codes') return withoutText(error);
  if (isOurs) return errorWith(error, errorTextOf(error));
  const content = leavesOf(payloadsOf(run), readableFieldsOf(run));
  return content === null ? withoutText(error) : scrubbedError(error, content);
}

/** Whatever its handler had: an error of one of a batch may quote another. */
function payloadsOf(run: Run): unknown[] {
  const { members = [run] } = run.within ?? {};
  return members.flatMap(({ data, payload }) => [data, payload]);
}

/** Of a job that the queue does not define, none. */
function readableFieldsOf({ definition, jobName }: Run): ReadonlySet<string> {
  const type = Object.hasOwn(definition.jobs, jobName) ? definition.jobs[jobName] : undefined;
  return type === undefined ? new Set() : sealedFieldsOf(type).readable;
}
