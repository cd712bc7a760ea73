import { SealedPayload } from '../admission/payloads/json-payload.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import type { ScheduleLook } from '../broker/rules/schedules/schedule-care.js';
import type { JobReceipt } from '../facade/job-receipt.js';
import { didYouMean } from '../../kernel/values/did-you-mean.js';
import { plainText } from '../../kernel/values/plain-text.js';
import { ScheduleNotFoundError } from '../jobs/errors.js';
import { isSealed } from '../jobs/sealing/payload-seal.js';
import { statusOf } from './schedule-status.js';
import type { ScheduleStatus } from './schedule-status.js';

/** Every schedule of a queue, by key. */
export async function schedulesOf({ broker, queue }: ManagedQueue): Promise<ScheduleStatus[]> {
  const looks = await broker.schedulesOf(queue).look();
  if (looks.length === 0) return [];
  const { isPaused } = await broker.snapshot(queue);
  const now = broker.now();
  return looks
    .map((look) => statusOf(queue.name, look, isPaused, now))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** One schedule of a queue. @throws ScheduleNotFoundError */
export async function findSchedule({ broker, queue }: ManagedQueue, key: string): Promise<ScheduleLook> {
  const looks = await broker.schedulesOf(queue).look();
  const found = looks.find(({ schedule }) => schedule.key === key);
  if (found !== undefined) return found;
  const keys = looks.map(({ schedule }) => schedule.key);
  throw noSchedule(queue.name, key, keys);
}

/** Adds a job like those of a schedule's runs at once. @throws ScheduleNotFoundError, QueueFullError */
export async function runScheduleNow(managed: ManagedQueue, key: string): Promise<JobReceipt> {
  const { name: queue, maxPayloadBytes } = managed.definition;
  const { schedule } = await findSchedule(managed, key);
  if (schedule.record === null) throw noSchedule(queue, key, []);
  const { name, data, options } = schedule.record;
  const payload = JSON.parse(data) as object;
  // What was sealed with the schedule opens in each of its runs.
  const sealedBytes = Math.min(Buffer.byteLength(data), maxPayloadBytes);
  const stored = isSealed(payload) ? new SealedPayload(data, sealedBytes) : payload;
  const request = { name, data: stored, options };
  const { id, deduplicated } = await managed.broker.addOnce(managed.queue, request);
  return { id, queue, name, deduplicated };
}

/** There is none with that key. @param known keys of those that there are */
export function noSchedule(queue: string, key: string, known: readonly string[]): ScheduleNotFoundError {
  const text = plainText(key);
  return new ScheduleNotFoundError(
    `Queue "${queue}" has no schedule ${JSON.stringify(text)}.${didYouMean(text, known)} It has: ${known.slice(0, 20).join(', ') || 'none'}.`,
    { queue },
  );
}
