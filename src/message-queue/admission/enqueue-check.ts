import type { ErrorPlace } from '../../kernel/errors.js';
import { answeredWithin } from '../../kernel/time/answered-within.js';
import { InvalidPayloadError } from '../jobs/errors.js';
import type { PayloadPlace } from './payloads/json-payload.js';
import { LONGEST_CHECK_MS } from './payload-validator.js';

/** Checks, when a job is added, what its DTO cannot know and its handler would find out too late. */
export interface EnqueueCheck {
  readonly queue: string;
  /** Name of the jobs to check. */
  readonly job: string;
  /**
   * @param payload an instance of the job's DTO class, valid
   * @throws InvalidPayloadError naming what is wrong
   */
  check(payload: object, place: ErrorPlace): Promise<void>;
}

/**
 * Asks every check of a job. One that asks elsewhere, such as a template store, keeps its caller for 10 s at most.
 * @throws what a check throws; InvalidPayloadError when one does not answer
 */
export async function runChecks(
  checks: readonly EnqueueCheck[],
  payload: object,
  place: PayloadPlace,
): Promise<void> {
  for (const check of checks) {
    if (check.queue !== place.queue || check.job !== place.job) continue;
    await answeredWithin(check.check(payload, place), LONGEST_CHECK_MS, () => unchecked(place));
  }
}

function unchecked(place: PayloadPlace): InvalidPayloadError {
  const message = `could not be checked: what checks it did not answer within ${LONGEST_CHECK_MS / 1_000} s`;
  const headline = `Job "${place.job}" for queue "${place.queue}" cannot be added:`;
  return new InvalidPayloadError(headline, [{ path: 'payload', message }], place);
}
