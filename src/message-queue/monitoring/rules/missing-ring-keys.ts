import type { Queue } from 'bull';
import { inRootContext } from '../../../kernel/host/root-context.js';
import type { ManagedQueue } from '../../broker/managed-queues.js';

/** How often it is asked whether the ring has changed, and what is missing is counted anew, milliseconds. */
const LOOK_EVERY_MS = 5 * 60_000;

interface Look {
  readonly at: number;
  /** What the ring was when the jobs were counted last, and how many needed a key that is not in it. */
  count: { readonly ring: string; readonly jobs: number } | undefined;
}

const looks = new WeakMap<Queue, Look>();

/**
 * How many stored jobs of a queue need a key of the ring that the key provider does not know, when they were last counted. That reads all that is
 * stored of the queue, so it is done in the background: when it is first asked, whenever the ring has changed, and again while some are missing.
 */
export function jobsWithoutRingKey(managed: ManagedQueue): number {
  const { queue } = managed;
  const last = looks.get(queue);
  const now = performance.now();
  if (last === undefined || now - last.at >= LOOK_EVERY_MS) {
    const look: Look = { at: now, count: last?.count };
    looks.set(queue, look);
    // A key provider or broker that is away is told of by others; it is asked again.
    inRootContext(() => lookAt(managed, look)).catch(() => looks.delete(queue));
  }
  return last?.count?.jobs ?? 0;
}

async function lookAt({ queue, broker, definition }: ManagedQueue, look: Look): Promise<void> {
  const { sealed, seal } = definition;
  if (sealed !== true || seal === undefined) return;
  const { ring, read } = await seal.stored.missingRingKeys();
  const { count } = look;
  if (count?.jobs === 0 && count.ring === ring) return;
  const { left: jobs } = await broker.replaceTexts(queue, read);
  look.count = { ring, jobs };
}
