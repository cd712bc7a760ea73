import { COUNTER_AT, emptyRecord } from '../../src/message-queue/jobs/activity/activity-record.js';
import type {
  ActivityCounter,
  ActivityRecord,
} from '../../src/message-queue/jobs/activity/activity-record.js';
import type {
  ActivityBatch,
  ActivitySeries,
  AnnouncedQueue,
  Heartbeat,
  StoredAlert,
} from '../../src/message-queue/broker/activity-store.js';

/** When the cases begin: half past one of some day, milliseconds. */
export const START = Date.UTC(2026, 0, 15, 13, 30, 20);

/** What a process says of itself. */
export function heartbeat(id: string, over: Partial<Heartbeat> = {}): Heartbeat {
  return {
    ...{ id, host: 'node-7', pid: 4_711, role: 'both', version: '1.4.0', node: 'v20.20.0', startedAt: START },
    ...{ rssBytes: 120_000_000, loopLagMs: 1.25, flushMs: 5_000 },
    ...{ queues: { chat: [10, 3, 0] }, openBreakers: ['search'], ...over },
  };
}

/** A batch of one process. */
export function batch(id: string, seq: number, over: Partial<ActivityBatch> = {}): ActivityBatch {
  return { seq, heartbeat: heartbeat(id), series: [], announced: [], ...over };
}

/** What was counted of some jobs. */
export function series(
  counters: Partial<Record<ActivityCounter, number>>,
  { queue = 'chat', job = 'send' }: { readonly queue?: string; readonly job?: string } = {},
): ActivitySeries {
  const record = emptyRecord();
  for (const [name, value] of Object.entries(counters)) record[COUNTER_AT[name as ActivityCounter]] = value;
  return { queue, job, record };
}

/** A queue as its processes announce it. */
export function announcement(name: string): AnnouncedQueue {
  return {
    ...{ name, description: `Of “${name}”: ß, 漢字, a "quote".`, jobs: ['send', 'a b'] },
    ...{
      concurrency: 10,
      attempts: 3,
      timeoutMs: 30_000,
      maxWaiting: null,
      isSealed: false,
      isBuiltIn: false,
    },
  };
}

/** An alert as it is stored. */
export function alert(version: number, over: Partial<StoredAlert> = {}): StoredAlert {
  return {
    ...{ rule: 'QueueDepthHigh', queue: 'chat', severity: 'warning', state: 'firing', incident: 'i-1' },
    ...{
      since: START,
      firedAt: START,
      sentTo: ['log'],
      reminders: 0,
      clearSince: null,
      value: 1_200,
      limit: 1_000,
      message: '1 200 jobs wait in "chat".',
    },
    ...{ toSend: 'firing', sentAt: null, mutedUntil: null, mutedBy: null, version, ...over },
  };
}

/** One counter of a record. */
export function counted(record: ActivityRecord | undefined, counter: ActivityCounter): number {
  return record?.[COUNTER_AT[counter]] ?? 0;
}
