import { inRootContext } from '../../../../kernel/host/root-context.js';
import type { QueueSnapshot } from '../../broker.js';
import { gateOf } from '../../../jobs/flow/group-name.js';
import { NO_FLOW } from '../../groups-of-queue.js';
import type { FlowCounts } from '../../groups-of-queue.js';
import { parkedBy } from './redis-groups.js';
import { overQueues } from '../connections/over-queues.js';
import type { RedisAccess } from '../connections/over-queues.js';
import { snapshotQueueScript } from '../scripts/snapshot-queue.lua.js';

type FlowReply = readonly [
  ...[held: number, holding: number, parked: number, paused: number, sleeping: number],
  ...[oldest: string | null, parkedName: string | null, parkedText: string | null],
  ...[repairs: number, rateClosedMs: number],
];

type SnapshotReply = [
  ...[number, number, number, number, number, number, number],
  ...[string | null, number, string | null, number, number, string | null],
  ...[expired: number, flow: FlowReply | null],
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
  const [oldest, failedDropped, droppedAt, unknown, keysForgotten, keysForgottenAt, ...others] = rest;
  const [expired, flow, wrong] = others;
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
    expired,
    flow: flow === null ? NO_FLOW : toCounts(flow),
    wrongKeys: wrong.map(([name, holds, belongs]) => ({ key: base + name, holds, belongs })),
  };
}

function toCounts(reply: FlowReply): FlowCounts {
  const [held, holding, parked, paused, sleeping, oldest, name, text, repairs, rateClosedMs] = reply;
  return {
    ...{ held, holding, parked, paused, sleeping, repairs, rateClosedMs },
    oldestHeldAt: timeOf(oldest),
    oldestParked: name === null || text === null ? null : { key: gateOf(name).id, ...parkedBy(text) },
  };
}

function timeOf(text: string | null): number | null {
  return text === null ? null : Number(text);
}
