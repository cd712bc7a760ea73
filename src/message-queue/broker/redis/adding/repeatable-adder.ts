import { admitJob } from '../../../admission/job-admission.js';
import type { AddRequest } from '../../broker.js';
import { closedMeanwhile, notSent, timedOut } from './unanswered-add.js';
import { asQueueError } from './as-queue-error.js';
import type { EnqueuerParts } from './enqueuer-parts.js';
import type { AddedSchedule, RedisSchedules } from '../schedules/redis-schedules.js';
import { isTriedAgain, replyOf } from '../../../../kernel/redis/redis-replies.js';

const RETRY_DELAY_MS = 50;

/**
 * Adds a schedule, or changes it: adding it again never makes a second one, so repeating the call is safe.
 * @param isAway whether what was sent now would not arrive
 * @throws EnqueueTimeoutError; BrokerUnavailableError when Redis is away or refused it, or the broker was closed before it was sent
 */
export async function addRepeatable(
  parts: EnqueuerParts,
  schedules: Pick<RedisSchedules, 'add'>,
  request: AddRequest,
  isAway: () => boolean,
): Promise<AddedSchedule> {
  const { queue, timeoutMs, waits, connections, memory } = parts;
  const { json, options } = await admitJob(
    queue.name,
    queue.definition,
    request.name,
    request.data,
    request.options,
    connections.clock.now(),
  );
  const place = { queue: queue.name, job: request.name };
  memory.check(place);
  const deadlineMs = request.deadlineMs ?? timeoutMs;
  const giveUpAt = performance.now() + deadlineMs;
  const tries: { wasSent: boolean; mayBeStored: boolean; refusal: Error | null } = {
    ...{ wasSent: false, mayBeStored: false, refusal: null },
  };
  const mayWait = waits || request.deadlineMs !== undefined;
  for (;;) {
    if (!mayWait && isAway() && !tries.mayBeStored) throw notSent(place, connections.trouble);
    const leftMs = Math.max(0, giveUpAt - performance.now());
    if (!(await connections.ready(Math.min(leftMs, RETRY_DELAY_MS)))) {
      if (connections.isClosed || leftMs === 0) break;
      continue;
    }
    tries.wasSent = true;
    try {
      const added = await within(giveUpAt, schedules.add(request.name, json, options));
      if (added !== null) return added;
      tries.mayBeStored = true;
      break;
    } catch (error) {
      if (!isTriedAgain('add', error)) throw asQueueError(error, place);
      tries.refusal = error as Error;
      if (replyOf(error) === null) tries.mayBeStored = true;
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
      if (performance.now() >= giveUpAt) break;
    }
  }
  if (connections.isClosed) throw closedMeanwhile(place, tries.wasSent);
  if (!tries.wasSent) throw notSent(place, connections.trouble, deadlineMs);
  throw timedOut(place, deadlineMs, tries, connections.trouble ?? tries.refusal);
}

/** @returns null when there is no answer by `at` */
async function within<T>(at: number, answer: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), Math.max(0, at - performance.now()));
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
