import { Inject, Injectable } from '@nestjs/common';
import { HostCode } from '../../../kernel/host/host-code.js';
import type { HostFailures } from '../../../kernel/host/host-code.js';
import { Clock } from '../../../kernel/time/clock.js';
import { JobExecutor } from '../../execution/job-executor.js';
import { ProcessActivity } from '../../jobs/activity/process-activity.js';
import { JobEvents } from '../../jobs/events/job-events.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import type { BreakerStatus } from '../../ports/circuit-breakers.js';
import { WINDOW_MS } from './recent-activity.js';

/** What this process knows of one queue beyond what is counted. */
export interface ProcessSight {
  /** How long ago a run last started or ended in this process, milliseconds; null when none did. */
  readonly movedMsAgo: number | null;
  /** Handlers that keep running although their signal has aborted, as "method (job id)". */
  readonly stuck: readonly string[];
  /** Dependencies whose open breaker made jobs of this queue wait here within the last 5 minutes. */
  readonly blockedBy: readonly string[];
  /** How the host's code outside of handlers has failed, for this queue or for none in particular. */
  readonly hostFailures: HostFailures;
}

/** Sees what only this process can: handlers that are stuck in it, breakers that are open in it, the app's code that fails in it. */
@Injectable()
export class ProcessWatch {
  private readonly blockedBy = new Map<string, Map<string, number>>();
  private readonly clock: Clock;

  constructor(
    events: JobEvents,
    clock: Clock,
    @Inject(JobExecutor) private readonly executor: Pick<JobExecutor, 'stuckHandlers'>,
    private readonly activity: ProcessActivity,
    private readonly breakers: CircuitBreakers,
    private readonly host: HostCode = new HostCode(),
  ) {
    this.clock = clock.steady();
    events.on('retrying', ({ queue, blockedBy }) => {
      if (blockedBy === undefined) return;
      const ofQueue = this.blockedBy.get(queue) ?? new Map<string, number>();
      this.blockedBy.set(queue, ofQueue);
      ofQueue.set(blockedBy, this.clock.now());
    });
  }

  /** Whether job names are counted as `other` because there are too many. */
  get isBeyondLimit(): boolean {
    return this.activity.isBeyondLimit;
  }

  of(queue: string): ProcessSight {
    const now = this.clock.now();
    const movedAt = this.activity.movedAt(queue);
    return {
      movedMsAgo: movedAt === null ? null : now - movedAt,
      stuck: this.stuckOf(queue).map(({ handler, jobId }) => `${handler} (job ${jobId})`),
      blockedBy: this.blockersOf(queue, now),
      hostFailures: this.host.failuresOf(queue, WINDOW_MS),
    };
  }

  /** How many handlers of a queue are stuck. */
  stuckIn(queue: string): number {
    return this.stuckOf(queue).length;
  }

  /** Breakers of this process. A host may have plugged in its own. */
  statuses(): readonly BreakerStatus[] {
    return this.host.ask('CircuitBreakers.statuses()', undefined, () => this.breakers.statuses(), []);
  }

  /** By queue: dependencies that are not to be had here, of those that made its jobs wait. */
  blocked(): Readonly<Record<string, readonly string[]>> {
    const open = new Set(openOf(this.statuses()));
    const now = this.clock.now();
    const all = [...this.blockedBy.keys()].map(
      (queue) => [queue, this.blockersOf(queue, now).filter((name) => open.has(name))] as const,
    );
    return Object.fromEntries(all.filter(([, names]) => names.length > 0));
  }

  private stuckOf(queue: string): StuckList {
    return this.executor.stuckHandlers.current.filter((one) => one.queue === queue);
  }

  private blockersOf(queue: string, now: number): string[] {
    const ofQueue = this.blockedBy.get(queue);
    if (ofQueue === undefined) return [];
    for (const [dependency, at] of ofQueue) if (at < now - WINDOW_MS) ofQueue.delete(dependency);
    return [...ofQueue.keys()];
  }
}

type StuckList = JobExecutor['stuckHandlers']['current'];

/** Names of the dependencies whose breaker is not closed. */
export function openOf(statuses: readonly BreakerStatus[]): string[] {
  return statuses.filter(({ state }) => state !== 'CLOSED').map(({ dependency }) => dependency);
}
