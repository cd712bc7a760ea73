import { RepeatedLines } from '../../src/kernel/logging/repeated-lines.js';
import type { Clock } from '../../src/kernel/time/clock.js';
import type { ManagedQueues } from '../../src/message-queue/broker/managed-queues.js';
import { ProcessActivity } from '../../src/message-queue/jobs/activity/process-activity.js';
import { JobEvents } from '../../src/message-queue/jobs/events/job-events.js';
import { ActivityReporters } from '../../src/message-queue/monitoring/activity/activity-reporters.js';
import { Fleet } from '../../src/message-queue/monitoring/activity/fleet.js';
import { Heartbeats } from '../../src/message-queue/monitoring/activity/heartbeats.js';
import type { SlotsOfQueue } from '../../src/message-queue/monitoring/activity/heartbeats.js';
import { ProcessWatch } from '../../src/message-queue/monitoring/activity/process-watch.js';
import type { CircuitBreakers } from '../../src/message-queue/ports/circuit-breakers.js';

/** What a stage may be given. */
export interface FleetStageParts {
  readonly clock: Clock;
  readonly events?: JobEvents;
  readonly breakers?: Pick<CircuitBreakers, 'statuses'>;
  readonly stuckHandlers?: ConstructorParameters<typeof ProcessWatch>[2]['stuckHandlers'];
  readonly flushMs?: number;
  readonly role?: 'producer' | 'worker' | 'both';
}

/** One process as its own record and the others see it. It works on every queue unless `slots` says otherwise. */
export class FleetStage {
  readonly activity: ProcessActivity;
  readonly watch: ProcessWatch;
  readonly heartbeats: Heartbeats;
  readonly reporters: ActivityReporters;
  readonly fleet: Fleet;
  slots: SlotsOfQueue | null = { slots: 2, busy: 0 };

  constructor(queues: ManagedQueues, parts: FleetStageParts) {
    const { clock, events = new JobEvents(), role = 'both', flushMs = 5_000 } = parts;
    const { breakers = { statuses: () => [] }, stuckHandlers = { current: [], total: 0 } } = parts;
    this.activity = new ProcessActivity(queues.names().map((name) => queues.get(name).definition));
    this.watch = new ProcessWatch(
      events,
      clock,
      { stuckHandlers },
      this.activity,
      breakers as CircuitBreakers,
    );
    this.heartbeats = new Heartbeats(this.watch, role, flushMs);
    this.heartbeats.slotsOf = () => this.slots;
    const lines = new RepeatedLines(clock, 60_000);
    const { activity, heartbeats } = this;
    this.reporters = new ActivityReporters({ queues, activity, heartbeats, events, clock, lines, flushMs });
    this.fleet = new Fleet(queues, this.reporters);
  }
}
