import type { QueueSnapshot } from '../../broker.js';
import { overQueues } from '../connections/over-queues.js';
import { snapshotQueueScript } from '../scripts/snapshot-queue.lua.js';

type SnapshotReply = [...[number, number, number, number, number, number, number], string | null];

interface Asker {
  readonly resolve: (snapshot: QueueSnapshot) => void;
  readonly reject: (error: unknown) => void;
}

/** Counts the jobs of queues. Whoever asks for many at once, as metrics do, gets them all in one round trip. */
export class SnapshotReader {
  private asked = new Map<string, Asker[]>();

  constructor(private readonly redis: Parameters<typeof overQueues>[2]) {}

  /** @param base the queue's base key, `prefix:queue:` */
  read(base: string): Promise<QueueSnapshot> {
    return new Promise((resolve, reject) => {
      if (this.asked.size === 0) queueMicrotask(() => void this.answer());
      this.asked.set(base, [...(this.asked.get(base) ?? []), { resolve, reject }]);
    });
  }

  private async answer(): Promise<void> {
    const asked = this.asked;
    this.asked = new Map();
    const answers = await overQueues(snapshotQueueScript, [...asked.keys()], this.redis);
    [...asked.values()].forEach((askers, index) => {
      const answer = answers[index];
      for (const { resolve, reject } of askers) {
        if (answer?.status === 'fulfilled') resolve(toSnapshot(answer.value as SnapshotReply));
        else reject(answer?.reason);
      }
    });
  }
}

function toSnapshot(reply: SnapshotReply): QueueSnapshot {
  const [waiting, active, delayed, completed, failed, paused, isPaused, oldest] = reply;
  const oldestWaitingAt = oldest === null ? null : Number(oldest);
  return { waiting, active, delayed, completed, failed, paused, isPaused: isPaused === 1, oldestWaitingAt };
}
