import { setTimeout as pause } from 'node:timers/promises';
import type { ManagedQueues } from '../../broker/managed-queues.js';
import { TraceHolder } from '../../ports/privacy/trace-holder.js';
import type { TraceTarget } from '../../ports/privacy/trace-holder.js';
import { QueueTraces } from './queue-traces.js';
import { wantedBy } from './wanted-jobs.js';
import type { WantedJobs } from './wanted-jobs.js';

/** Records that are removed at once. */
const MOST = 10_000;
/** How long the runs of active jobs may take to end, and how often they are looked at, milliseconds. */
const [RUNS_END_WITHIN_MS, LOOK_EVERY_MS] = [5_000, 50];

interface RunningJobs {
  readonly traces: QueueTraces;
  readonly ids: ReadonlySet<string>;
}

/**
 * The jobs of the app's queues, whatever their state, and schedules, found by the fields that identify what they are about. Each call looks at
 * all jobs, about a second for 100 000 small ones.
 */
export class JobTraces extends TraceHolder {
  readonly holds = 'jobs';

  constructor(private readonly queues: ManagedQueues) {
    super();
  }

  /** @throws BrokerUnavailableError; signal.reason */
  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return this.count(wantedBy(target), signal);
  }

  /**
   * As {@link TraceHolder}'s, but not in one transaction: each job goes in one step. The run of an active one is aborted, and the job counts
   * once it is gone; one that is still there after 5 s stays, and is told to end for as long as it runs.
   * @throws BrokerUnavailableError; signal.reason
   */
  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return this.erase(wantedBy(target), limit, signal);
  }

  /** How many jobs are about a message. @throws BrokerUnavailableError; signal.reason */
  async countOfMessage(messageId: string, signal: AbortSignal): Promise<number> {
    return this.count(wantedBy(messages(messageId)), signal);
  }

  /** Removes the jobs that are about a message. @returns how many @throws BrokerUnavailableError; signal.reason */
  async eraseOfMessage(messageId: string, signal: AbortSignal): Promise<number> {
    const wanted = wantedBy(messages(messageId));
    let removed = 0;
    for (let count = MOST; count === MOST; removed += count) count = await this.erase(wanted, MOST, signal);
    return removed;
  }

  private async count(wanted: WantedJobs, signal: AbortSignal): Promise<number> {
    let count = 0;
    for (const traces of this.traces()) {
      const { ids, schedules } = await traces.find(wanted, Infinity, signal);
      count += ids.size + schedules.length;
    }
    return count;
  }

  private async erase(wanted: WantedJobs, limit: number, signal: AbortSignal): Promise<number> {
    let removed = 0;
    const running: RunningJobs[] = [];
    for (const traces of this.traces()) {
      if (removed >= limit) break;
      const found = await traces.find(wanted, limit - removed, signal);
      const erased = await traces.erase(found);
      removed += erased.removed;
      running.push({ traces, ids: new Set(erased.running) });
    }
    return removed + (await this.whenEnded(running, signal));
  }

  /** @returns how many have gone */
  private async whenEnded(running: readonly RunningJobs[], signal: AbortSignal): Promise<number> {
    let gone = 0;
    const giveUpAt = performance.now() + RUNS_END_WITHIN_MS;
    for (let left = running.filter(({ ids }) => ids.size > 0); left.length > 0;) {
      if (performance.now() > giveUpAt) break;
      await pause(LOOK_EVERY_MS);
      signal.throwIfAborted();
      const next: RunningJobs[] = [];
      for (const { traces, ids } of left) {
        const { running: still } = await traces.erase({ ids, schedules: [] });
        gone += ids.size - still.length;
        if (still.length > 0) next.push({ traces, ids: new Set(still) });
      }
      left = next;
    }
    return gone;
  }

  private traces(): QueueTraces[] {
    return this.queues.names().map((name) => new QueueTraces(this.queues.get(name)));
  }
}

function messages(id: string): TraceTarget {
  return { kind: 'messages', messageIds: [id] };
}
