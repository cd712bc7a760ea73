import { EnqueueTimeoutError, MessageQueueError } from '../../../src/message-queue/index.js';
import type { EnqueueOptions, MessageQueueService } from '../../../src/message-queue/index.js';
import type { AddCall, AddMode, AddOrder, AddReport } from './add-order.js';
import { REMEMBERED_MS } from './fault-queue.js';
import type { FaultQueue } from './fault-queue.js';

const DELAY_MS = 1_000;
const realNow = Date.now.bind(Date);

const OPTIONS: Readonly<Record<AddMode, (key: string) => EnqueueOptions>> = {
  keyed: (idempotencyKey) => ({ idempotencyKey, ttl: REMEMBERED_MS }),
  id: (jobId) => ({ jobId }),
  plain: () => ({}),
  delayed: () => ({ delay: DELAY_MS }),
  urgent: () => ({ priority: 8 }),
};

/** Adds a job as it was ordered, through the services of two apps. Never rejects. */
export async function addAsOrdered(
  services: readonly MessageQueueService[],
  queue: FaultQueue,
  { number, name, data, mode }: AddOrder,
): Promise<AddReport> {
  const isSafeToRepeat = mode === 'keyed' || mode === 'id';
  const callers = isSafeToRepeat ? services : services.slice(number % services.length).slice(0, 1);
  const payload = mode === 'delayed' ? Object.assign(data, { notBefore: realNow() + DELAY_MS }) : data;
  const add = async (service: MessageQueueService): Promise<AddCall[]> => {
    const call = (): Promise<AddCall> =>
      timed(() => service.enqueue(queue, name, payload, OPTIONS[mode](data.key)));
    const first = await call();
    // What was not certain is tried once more, as a host would.
    return isSafeToRepeat && first.outcome === 'unknown' ? [first, await call()] : [first];
  };
  return { number, calls: (await Promise.all(callers.map(add))).flat() };
}

async function timed(add: () => Promise<{ readonly id: string }>): Promise<AddCall> {
  const startedAt = performance.now();
  const took = (): number => Math.round(performance.now() - startedAt);
  try {
    const { id } = await add();
    return { outcome: 'acknowledged', told: id, ms: took() };
  } catch (error) {
    const told = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { outcome: outcomeOf(error), told, ms: took() };
  }
}

function outcomeOf(error: unknown): AddCall['outcome'] {
  if (error instanceof EnqueueTimeoutError) return 'unknown';
  return error instanceof MessageQueueError ? 'refused' : 'untyped';
}
