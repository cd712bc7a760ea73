import { CancelledError } from '../../jobs/errors.js';
import type { CancelOutcome } from '../broker.js';
import type {
  FailureRecord,
  ManagedJobOptions,
  ManagedJobRecord,
  ReplayRecord,
} from '../../jobs/managed-job.js';
import type { RedisConnections } from './redis-connections.js';
import type { RedisQueue } from './redis-queue.js';
import type { RedisScripts } from './redis-scripts.js';
import { annotateJobScript, cancelJobScript, replayJobScript } from './scripts/change-job.lua.js';
import type { LuaScript } from './scripts/lua-script.js';

/** Messages on the channel `mq:cancel`. */
export interface CancelMessage {
  readonly id: string;
  readonly reason: string;
}

const MOST_RECORDS = 20;

/** Changes of stored jobs that depend on what is stored: read, compute, store if nothing changed meanwhile. */
export class JobChanges {
  constructor(
    private readonly scripts: RedisScripts,
    private readonly connections: RedisConnections,
  ) {}

  async cancel(queue: RedisQueue, id: string, reason: string, now: number): Promise<CancelOutcome> {
    const failedReason = CancelledError.messageOf(reason);
    const message: CancelMessage = { id, reason };
    const event = JSON.stringify({ jobId: id, val: failedReason });
    const outcome = await this.change(queue, id, cancelJobScript, (stored, attemptsMade) => {
      const record = withCancellation(stored?.mq ?? {}, attemptsMade, reason, now);
      const options = JSON.stringify({ ...stored, mq: record });
      return (raw) => [id, now, reason, failedReason, options, raw, event, JSON.stringify(message)];
    });
    return outcome as CancelOutcome;
  }

  /** @returns false when the job is not in the failed set */
  async replay(queue: RedisQueue, id: string, replay: ReplayRecord, now: number): Promise<boolean> {
    const outcome = await this.change(queue, id, replayJobScript, (stored) => {
      const { cancelled: _, ...record } = stored?.mq ?? {};
      const mq = { ...record, replays: [...(record.replays ?? []), replay].slice(-MOST_RECORDS) };
      return (raw) => [id, now, JSON.stringify({ ...stored, mq }), raw, queue.lockToken];
    });
    return outcome === 'replayed';
  }

  /** @returns false when there is no such job */
  async annotate(
    queue: RedisQueue,
    id: string,
    change: (record: ManagedJobRecord) => ManagedJobRecord,
  ): Promise<boolean> {
    const outcome = await this.change(queue, id, annotateJobScript, (stored) => {
      const options = JSON.stringify({ ...stored, mq: change(stored?.mq ?? {}) });
      return (raw) => [id, options, raw];
    });
    return outcome === 'stored';
  }

  private async change(
    queue: RedisQueue,
    id: string,
    script: LuaScript,
    compute: (
      stored: ManagedJobOptions | null,
      attemptsMade: number,
    ) => (raw: string) => readonly (string | number)[],
  ): Promise<unknown> {
    for (;;) {
      const [raw, attemptsMade] = await this.connections.client.hmget(
        queue.base + id,
        'opts',
        'attemptsMade',
      );
      const stored = parseOptions(raw ?? null);
      const outcome = await this.scripts.run(
        script,
        queue.base,
        compute(stored, Number(attemptsMade ?? 0))(raw ?? ''),
      );
      if (outcome !== 'changed') return outcome;
    }
  }
}

function parseOptions(raw: string | null): ManagedJobOptions | null {
  if (raw === null) return null;
  try {
    return JSON.parse(raw) as ManagedJobOptions;
  } catch {
    return null;
  }
}

function withCancellation(
  record: ManagedJobRecord,
  attemptsMade: number,
  reason: string,
  at: number,
): ManagedJobRecord {
  const failure: FailureRecord = {
    at,
    attempt: attemptsMade + 1,
    kind: 'cancelled',
    error: 'JOB_CANCELLED',
    message: CancelledError.messageOf(reason),
  };
  return {
    ...record,
    failures: [...(record.failures ?? []), failure].slice(-MOST_RECORDS),
    cancelled: { at, reason },
  };
}
