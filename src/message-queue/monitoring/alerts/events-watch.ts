import type { MonitoredEvents } from '../../../kernel/monitored/monitored-events.js';
import type { Clock } from '../../../kernel/time/clock.js';
import { RepeatedTask } from '../../../kernel/time/repeated-task.js';
import type { AlertDelivery } from './alert-delivery.js';
import type { AlertStatus } from './alert-status.js';
import { EventsAlert } from './events-alert.js';
import { limitsOf } from './settings/alert-limits.js';
import type { AlertSettings } from './settings/alert-settings.js';

/** What the bus of events is watched with. */
export interface EventsWatchParts {
  /** Null: the app has none. */
  readonly events: () => MonitoredEvents | null;
  readonly settings: AlertSettings;
  readonly delivery: AlertDelivery;
  readonly clock: Clock;
}

const RULES = { unhealthy: 'EventsUnhealthy', degraded: 'EventsDegraded' } as const;
const SEVERITIES = ['unhealthy', 'degraded'] as const;

/** Tells sinks of what is wrong with the bus of events of this process, as of every other alert. Each process judges its own. */
export class EventsWatch {
  private readonly alerts = new Map<(typeof SEVERITIES)[number], EventsAlert>();
  private readonly clock: Clock;
  private readonly task: RepeatedTask;

  constructor(private readonly parts: EventsWatchParts) {
    const { settings, clock } = parts;
    const { runbookUrl, repeatMs, everyMs, rules } = settings;
    this.clock = clock.steady();
    for (const severity of SEVERITIES) {
      const rule = RULES[severity];
      const limits = limitsOf(rule, undefined, rules);
      if (limits !== null) this.alerts.set(severity, new EventsAlert({ rule, limits, runbookUrl, repeatMs }));
    }
    this.task = new RepeatedTask({
      clock,
      turn: () => Promise.resolve(this.turn() ? everyMs : null),
      failed: () => everyMs,
    });
  }

  /** Begins; a second call does nothing. */
  start(): void {
    void this.task.start(this.parts.settings.everyMs);
  }

  /** Ends; nobody is told of it: the process ends, or a test goes on by hand. */
  stop(): Promise<void> {
    return this.task.stop();
  }

  /** Judges once. @returns whether there is anything to judge in this app */
  turn(): boolean {
    const { events, delivery } = this.parts;
    const bus = events();
    if (bus === null || this.alerts.size === 0) return false;
    const { alerts } = bus.read();
    const now = this.clock.now();
    for (const [severity, alert] of this.alerts) {
      const notice = alert.noted(
        alerts.filter((one) => one.severity === severity),
        now,
      );
      if (notice !== null) delivery.tell(notice);
    }
    return true;
  }

  /** What fires. */
  status(): AlertStatus[] {
    return [...this.alerts.values()].map((alert) => alert.status()).filter((status) => status !== null);
  }
}
