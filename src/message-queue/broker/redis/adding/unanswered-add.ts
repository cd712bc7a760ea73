import { BrokerUnavailableError, EnqueueTimeoutError } from '../../../jobs/errors.js';
import { jobOf, queueClosed } from '../../rules/add-errors.js';
import type { AddPlace } from '../../rules/add-errors.js';
import { refusalIn } from '../connections/unless-away.js';
import { replyOf } from '../../../../kernel/redis/redis-replies.js';

/**
 * @param tries whether a try may have stored the job, and what Redis answered to the last one, if it did
 * @param trouble why there is no connection, if known
 */
export function timedOut(
  place: AddPlace,
  deadlineMs: number,
  { mayBeStored, refusal }: { readonly mayBeStored: boolean; readonly refusal: Error | null },
  trouble: Error | null,
): EnqueueTimeoutError | BrokerUnavailableError {
  const reply = replyOf(refusal);
  if (reply !== null && !mayBeStored) {
    return new BrokerUnavailableError(
      `For ${deadlineMs} ms Redis answered the add of ${jobOf(place)} to queue "${place.queue}", which was not added, with an error: ` +
        `${reply.text}. ${reply.remedy} Add it again then.`,
      { ...place, cause: refusal ?? undefined },
      reply.code,
    );
  }
  const cause = trouble === null ? '' : ` The connection failed: ${trouble.message}`;
  return new EnqueueTimeoutError(
    `Redis did not answer within ${deadlineMs} ms when ${jobOf(place)} was added to queue "${place.queue}". ` +
      `${unknown(place)}${cause}`,
    { ...place, cause: trouble ?? undefined },
  );
}

/**
 * Redis is out of reach, and the job was never sent.
 * @param trouble why there is no connection, if known
 * @param waitedMs for how long it was waited for
 */
export function notSent(place: AddPlace, trouble: Error | null, waitedMs = 0): BrokerUnavailableError {
  const cause = trouble === null ? '' : ` The connection failed: ${trouble.message}`;
  const state = waitedMs === 0 ? 'Redis is away' : `Redis could not be reached for ${waitedMs} ms`;
  return new BrokerUnavailableError(
    `${state}: ${jobOf(place)} was not added to queue "${place.queue}". Add it again when Redis is back.${cause}`,
    { ...place, cause: trouble ?? undefined },
    refusalIn(trouble),
  );
}

/** The first try may have added the job although the second one was refused. */
export function refusedLater(place: AddPlace, cause: unknown): EnqueueTimeoutError {
  return new EnqueueTimeoutError(
    `The answer to the add of ${jobOf(place)} to queue "${place.queue}" was lost, and Redis refused the same add afterwards. ` +
      unknown(place),
    { ...place, cause },
  );
}

/** @param mayBeStored whether it was sent but not answered */
export function closedMeanwhile(
  place: AddPlace,
  mayBeStored: boolean,
): EnqueueTimeoutError | BrokerUnavailableError {
  if (mayBeStored) {
    return new EnqueueTimeoutError(
      `Queue "${place.queue}" was closed before Redis answered the add of ${jobOf(place)}. ${unknown(place)}`,
      place,
    );
  }
  return queueClosed(place);
}

function unknown({ jobId }: AddPlace): string {
  const safe = jobId === undefined ? '' : ' with the same jobId or idempotencyKey';
  return `Outcome unknown: repeating the same call is safe${safe}.`;
}
