import type { Job, JobCounts, Queue } from 'bull';
import { parseTypes } from '../../../rules/bull-arguments.js';
import { internalsOf } from '../bull-internals.js';
import { defineLaneCommands } from './lane-commands.js';

/** How often a caller of `getNextJob()` looks for a job while none waits. */
const LOOK_EVERY_MS = 50;

/** Where Bull keeps the jobs of a type; null for what it does not know. */
function storeOf(type: string): { readonly key: string; readonly isList: boolean } | null {
  const key = type === 'waiting' ? 'wait' : type;
  if (['active', 'wait', 'paused'].includes(key)) return { key, isList: true };
  return ['completed', 'failed', 'delayed', 'repeat'].includes(key) ? { key, isList: false } : null;
}

/** Bull's `getJobCounts()`, with the waiting jobs of all lanes. */
export async function countJobs(queue: Queue<object>, types: readonly unknown[]): Promise<JobCounts> {
  const known = parseTypes(types).flatMap((type) => {
    const store = storeOf(type);
    return store === null ? [] : [{ type, ...store }];
  });
  const multi = queue.client
    .multi()
    .exists(queue.toKey('meta-paused'))
    .get(queue.toKey('mq:waiting'))
    .get(queue.toKey('mq:held'));
  for (const { key, isList } of known) {
    if (isList) multi.llen(queue.toKey(key));
    else multi.zcard(queue.toKey(key));
  }
  const [paused, inLanes, held, ...sizes] = ((await multi.exec()) ?? []).map(([error, answer]) => {
    if (error !== null) throw error;
    return Number(answer ?? 0);
  });
  const counts: Record<string, number> = {};
  const standing = paused === 1 ? 'paused' : 'wait';
  known.forEach(({ type, key }, i) => {
    counts[type] = (sizes[i] ?? 0) + (key === standing ? (inLanes ?? 0) + (held ?? 0) : 0);
  });
  return counts as unknown as JobCounts;
}

/** Bull's `getRanges()`: ids by position, waiting ones in the order in which they are taken. */
export async function jobRanges(
  queue: Queue<object>,
  types: unknown,
  start = 0,
  end = -1,
  ascending = false,
): Promise<string[]> {
  const ranges = parseTypes(types).map((type) => rangeOf(queue, type, start, end, ascending));
  return (await Promise.all(ranges)).flat();
}

async function rangeOf(
  queue: Queue<object>,
  type: string,
  start: number,
  end: number,
  ascending: boolean,
): Promise<string[]> {
  const store = storeOf(type);
  if (store === null) return [];
  const { client } = queue;
  const key = queue.toKey(store.key);
  if (!store.isList) {
    return ascending ? client.zrange(key, start, end) : client.zrevrange(key, start, end);
  }
  if (store.key !== 'active') {
    const args = [store.key, start, end, ascending ? 1 : 0];
    return (await defineLaneCommands(client).mqWaitingRange(queue.toKey(''), ...args)) as string[];
  }
  if (!ascending) return client.lrange(key, start, end);
  return (await client.lrange(key, -(end + 1), -(start + 1))).reverse();
}

/** Removes the jobs that wait in any lane. */
export async function emptyLanes(queue: Queue<object>): Promise<void> {
  const lanes = defineLaneCommands(queue.client);
  while (Number(await lanes.mqEmptyLanes(queue.toKey(''))) > 0);
}

/**
 * Bull's `getNextJob()`, from all lanes: when the queue was found drained before, waits up to `drainDelay` seconds for a job.
 * @returns undefined when none came, or the queue is closed
 */
export async function nextJob(queue: Queue<object>): Promise<Job<object> | undefined> {
  const { drained, settings, moveToActive } = internalsOf(queue);
  const until = drained ? performance.now() + settings.drainDelay * 1_000 : 0;
  while (drained && (await queue.getJobCountByTypes('waiting')) === 0) {
    if (performance.now() >= until || internalsOf(queue).closing !== undefined) return undefined;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return (await moveToActive.call(queue)) ?? undefined;
}
