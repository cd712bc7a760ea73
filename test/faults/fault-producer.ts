import type { Queue } from 'bull';
import type { RedisBroker } from '../../src/message-queue/broker/redis/redis-broker.js';
import { EnqueueTimeoutError } from '../../src/message-queue/jobs/errors.js';
import type { FaultJobDto } from './fault-queue.js';

/** One that adds jobs, over connections of its own. */
export interface FaultProducer {
  readonly broker: RedisBroker;
  readonly queue: Queue;
}

/** Adds a job under its key. @returns the job's id; null when the add was refused or its outcome stayed in doubt */
export async function addOnce(
  { broker, queue }: FaultProducer,
  name: string,
  data: FaultJobDto,
): Promise<string | null> {
  // The same key again is safe: what was not certain is tried once more, as a host would.
  const idempotency = { key: data.key, fingerprint: data.key, ttlMs: 600_000 };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await broker.addOnce(queue, { name, data, options: {}, idempotency })).id;
    } catch (error) {
      if (attempt === 2 || !(error instanceof EnqueueTimeoutError)) return null;
    }
  }
}
