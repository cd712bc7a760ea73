import { inRootContext } from '../../../../kernel/host/root-context.js';
import type { QueueSnapshot } from '../../broker.js';
import { NO_FLOW } from '../../groups-of-queue.js';
import { overQueues } from '../connections/over-queues.js';
import type { RedisAccess } from '../connections/over-queues.js';
import { snapshotQueueScript } from '../scripts/snapshot-queue.lua.js';

type SnapshotReply = [
  ...[number, number, number, number, number, number, number],
  ...[string | null, number, string | null, number, number, string | null],
  wrong: readonly (readonly [name: string, holds: string, belongs: string])[],
];

interface Asker {
  readonly resolve: (snapshot: QueueSnapshot) => void;
  readonly reject: (error: unknown) => void;
}

/** Counts the jobs of queues. Whoever asks for many at once, as metrics do, gets them all in one round trip. */
export class SnapshotReader {
  private asked = new Map<string, Asker[]>();

  constructor(private readonly redis: RedisAccess) {}

  /** @param base the queue's base key, `prefix:queue:` */
  read(base: string): Promise<QueueSnapshot> {
    return new Promise((resolve, reject) => {
      if (this.asked.size === 0) inRootContext(() => queueMicrotask(() => this.answer()));
      this.asked.set(base, [...(this.asked.get(base) ?? []), { resolve, reject }]);
    });
  }

  private answer(): void {
    const asked = this.asked;
    this.asked = new Map();
    for (const [base, answer] of overQueues(snapshotQueueScript, [...asked.keys()], this.redis)) {
      for (const { resolve, reject } of asked.get(base) ?? []) {
        answer.then((reply) => resolve(toSnapshot(base, reply as SnapshotReply)), reject);
      }
    }
  }
}

function toSnapshot(base: string, reply: SnapshotReply): QueueSnapshot {
  const [waiting, active, delayed, completed, failed, paused, isPaused, ...rest] = reply;
  const [oldest, failedDropped, droppedAt, unknown, keysForgotten, keysForgottenAt, wrong] = rest;
  return {
    ...{
      waiting,
      active,
      delayed,
      completed,
      failed,
      paused,
      isPaused: isPaused === 1,
      failedDropped,
      unknown,
      keysForgotten,
    },
    oldestWaitingAt: timeOf(oldest),
    failedDroppedAt: timeOf(droppedAt),
    keysForgottenAt: timeOf(keysForgottenAt),
    expired: 0,
    flow: NO_FLOW,
    wrongKeys: wrong.map(([name, holds, belongs]) => ({ key: base + name, holds, belongs })),
  };
}

function timeOf(text: string | null): number | null {
  return text === null ? null : Number(text);
}
