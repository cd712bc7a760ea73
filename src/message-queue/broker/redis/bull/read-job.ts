import type { Job, Queue } from 'bull';
import { replyCode } from '../../../../kernel/redis/redis-replies.js';
import { isWellFormed } from '../../../../kernel/values/well-formed.js';
import { fullOptions, storedPriority } from '../../../admission/stored-options.js';
import type { QueueSettings } from '../../../jobs/queue-settings.js';
import { TAKEN_FIELDS } from '../scripts/functions/read-job.lua.js';
import type { JobReader } from './job-reader.js';
import { readOptions } from './stored-job.js';
import { storedEntry } from './taken-entry.js';

type Hash = Readonly<Record<string, string | undefined>>;

const WITHOUT_DATA = TAKEN_FIELDS.filter((field) => field !== 'data' && field !== 'id');

/**
 * Bull's `Job.fromId()`, with complete options.
 * @returns null when there is no such job, or Redis keeps something else under its key
 */
export async function readJob(
  queue: Queue<object>,
  reader: JobReader,
  id: string,
  excludeData: boolean,
): Promise<Job | null> {
  // No job has such an id, but Redis would read it as that of another.
  if (!isWellFormed(id)) return null;
  const hash = await readHash(queue, id, excludeData).catch(unlessOtherType);
  if (!Object.values(hash).some((value) => value !== undefined)) return null;
  return reader.show(storedEntry(id, hash));
}

async function readHash(queue: Queue<object>, id: string, excludeData: boolean): Promise<Hash> {
  const key = queue.toKey(id);
  if (!excludeData) return queue.client.hgetall(key);
  const values = await queue.client.hmget(key, ...WITHOUT_DATA);
  return Object.fromEntries(WITHOUT_DATA.map((field, i) => [field, values[i] ?? undefined]));
}

function unlessOtherType(error: unknown): Hash {
  if (replyCode(error) === 'WRONGTYPE') return {};
  throw error;
}

/** A stored job for Bull's own reader, which knows nothing of what was left out. */
export function completeHash(settings: QueueSettings, id: string, hash: Hash): Hash {
  const stored = readOptions(hash['opts'] ?? null);
  const fields = { id, timestamp: Number(hash['timestamp']), priority: storedPriority(hash['priority']) };
  return {
    ...hash,
    delay: hash['delay'] ?? '0',
    opts: JSON.stringify(fullOptions(settings, stored, fields)),
  };
}
