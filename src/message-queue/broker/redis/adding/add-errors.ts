import { BrokerUnavailableError, EnqueueTimeoutError } from '../../../jobs/errors.js';

/** Which add an error is about. */
export interface AddPlace {
  readonly queue: string;
  readonly job: string;
  /** Missing for a repeatable job: its identity is its schedule. */
  readonly jobId?: string;
}

/** @param trouble what keeps the connection away, if it is known */
export function timedOut(place: AddPlace, deadlineMs: number, trouble: Error | null): EnqueueTimeoutError {
  const cause = trouble === null ? '' : ` The connection failed: ${trouble.message}`;
  return new EnqueueTimeoutError(
    `Redis did not answer within ${deadlineMs} ms when ${named(place)} was added to queue "${place.queue}". ` +
      `${unknown(place)}${cause}`,
    { ...place, cause: trouble ?? undefined },
  );
}

/** The first try may have added what the second one was refused for. */
export function refusedLater(place: AddPlace, cause: unknown): EnqueueTimeoutError {
  return new EnqueueTimeoutError(
    `The answer to the add of ${named(place)} to queue "${place.queue}" was lost, and Redis refused the same add afterwards. ` +
      unknown(place),
    { ...place, cause },
  );
}

/** @param mayBeStored whether it was sent and not answered */
export function closedMeanwhile(
  place: AddPlace,
  mayBeStored: boolean,
): EnqueueTimeoutError | BrokerUnavailableError {
  if (mayBeStored) {
    return new EnqueueTimeoutError(
      `Queue "${place.queue}" was closed before Redis answered to the add of ${named(place)}. ${unknown(place)}`,
      place,
    );
  }
  return new BrokerUnavailableError(
    `Queue "${place.queue}" is closed; ${named(place)} was not added. Add it again when the app runs.`,
    place,
  );
}

function named({ job, jobId }: AddPlace): string {
  return jobId === undefined ? `repeatable job "${job}"` : `job "${jobId}"`;
}

function unknown({ jobId }: AddPlace): string {
  const safe = jobId === undefined ? '' : ' with the same jobId or idempotencyKey';
  return `Outcome unknown: the same call again is safe${safe}.`;
}
