import { Inject, Injectable } from '@nestjs/common';
import { HostCode } from '../../kernel/host/host-code.js';
import type { HostFailures } from '../../kernel/host/host-code.js';
import { ours } from '../../kernel/host/ours.js';
import { Clock } from '../../kernel/time/clock.js';
import { JobEvents } from '../jobs/job-events.js';
import { JobExecutor } from '../execution/job-executor.js';
import { ActivityWindow, WINDOW_MS } from './activity-window.js';
import type { Activity } from './activity-window.js';

/** What one queue has been doing in this process. */
export interface QueueActivity extends Activity {
  /** How long ago an attempt last started or ended in this process, milliseconds; null when none did. */
  readonly movedMsAgo: number | null;
  /** Jobs that ended as shredded since the start. */
  readonly shredded: number;
  /** Handlers that keep running although their signal has aborted, as "method (job id)". */
  readonly stuck: readonly string[];
  /** Dependencies whose open breaker made jobs of this queue wait within the last 5 minutes. */
  readonly blockedBy: readonly string[];
  /** How the host's code outside of handlers has failed, for this queue or for none in particular. */
  readonly hostFailures: HostFailures;
}

const NOTHING: Omit<QueueActivity, 'stuck' | 'hostFailures'> = {
  completed: 0,
  failed: 0,
  avgMs: null,
  p95Ms: null,
  movedMsAgo: null,
  shredded: 0,
  blockedBy: [],
};

interface QueueState {
  readonly window: ActivityWindow;
  readonly blockedBy: Map<string, number>;
  lastMovedAt: number;
  shredded: number;
}

/** Keeps what health and metrics need from the events of jobs; it asks which handlers are stuck. Process-local. */
@Injectable()
export class ActivityRecorder {
  private readonly queues = new Map<string, QueueState>();
  private readonly clock: Clock;

  constructor(
    events: JobEvents,
    clock: Clock,
    @Inject(JobExecutor) private readonly executor: Pick<JobExecutor, 'stuckHandlers'>,
    private readonly host: HostCode = new HostCode(),
  ) {
    this.clock = clock.steady();
    // Each job passes here.
    events.on(
      'active',
      ours(({ queue }: { readonly queue: string }) => void this.moved(queue)),
    );
    events.countCompleted((queue, durationMs) => {
      const { window, lastMovedAt } = this.moved(queue);
      window.note('completed', durationMs, lastMovedAt);
    });
    events.on('failed', ({ queue, kind, durationMs }) => {
      const state = this.moved(queue);
      // A crash ended another process's attempt, and a cancelled job did not fail.
      if (kind === 'error' || kind === 'timeout') state.window.note('failed', durationMs, this.clock.now());
    });
    events.on('shredded', ({ queue }) => {
      this.moved(queue).shredded += 1;
    });
    events.on('retrying', ({ queue, blockedBy }) => {
      const state = this.stateOf(queue);
      if (blockedBy !== undefined) state.blockedBy.set(blockedBy, this.clock.now());
    });
  }

  of(queue: string): QueueActivity {
    const state = this.queues.get(queue);
    const stuck = this.executor.stuckHandlers.current
      .filter((one) => one.queue === queue)
      .map(({ handler, jobId }) => `${handler} (job ${jobId})`);
    const hostFailures = this.host.failuresOf(queue, WINDOW_MS);
    if (!state) return { ...NOTHING, stuck, hostFailures };
    const { lastMovedAt, shredded, window } = state;
    const now = this.clock.now();
    for (const [dependency, at] of state.blockedBy)
      if (at < now - WINDOW_MS) state.blockedBy.delete(dependency);
    return {
      ...window.read(now),
      movedMsAgo: now - lastMovedAt,
      shredded,
      stuck,
      hostFailures,
      blockedBy: [...state.blockedBy.keys()],
    };
  }

  private moved(queue: string): QueueState {
    const state = this.stateOf(queue);
    state.lastMovedAt = this.clock.now();
    return state;
  }

  private stateOf(queue: string): QueueState {
    const known = this.queues.get(queue);
    if (known) return known;
    const state = {
      window: new ActivityWindow(),
      blockedBy: new Map<string, number>(),
      lastMovedAt: this.clock.now(),
      shredded: 0,
    };
    this.queues.set(queue, state);
    return state;
  }
}
