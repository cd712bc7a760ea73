import { randomUUID } from 'node:crypto';
import type { AlertNotice } from '../../jobs/events/alert-notice.js';
import type { AlertLimits } from './alert-rule.js';
import type { AlertStatus } from './alert-status.js';
import { shownTime } from './alert-figures.js';
import { actionOf, runbookOf } from './shown-alert.js';

const RULE = 'BrokerUnreachable';
/** Sinks are told by each process at most this often, milliseconds. */
const TOLD_EVERY_MS = 3_600_000;

/** An outage that this process sees. */
interface Incident {
  readonly id: string;
  readonly firedAt: number;
  value: number;
  /** How often sinks were told that it fires. */
  told: number;
}

/**
 * The alert that no store can keep: this process does not reach its broker. Each process judges it for itself, and tells sinks of it at most
 * once an hour, and of its end if it told of its begin.
 */
export class UnreachableBroker {
  private awaySince: number | null = null;
  private incident: Incident | null = null;
  private toldAt = Number.NEGATIVE_INFINITY;

  /** @param limits null: the rule is off */
  constructor(
    private readonly limits: AlertLimits | null,
    private readonly runbookUrl: string,
    private readonly provider: string,
  ) {}

  /**
   * The broker was asked.
   * @param begunAt when, milliseconds since the epoch, by a clock that goes on evenly
   * @returns what sinks are to be told now
   */
  noted(hasAnswered: boolean, begunAt: number, now: number): AlertNotice | null {
    if (this.limits === null) return null;
    if (hasAnswered) return this.ended(now);
    this.awaySince ??= begunAt;
    const awayMs = now - this.awaySince;
    if (awayMs <= this.limits.above) return null;
    this.incident ??= { id: randomUUID(), firedAt: now, value: awayMs, told: 0 };
    this.incident.value = awayMs;
    if (now - this.toldAt < TOLD_EVERY_MS) return null;
    this.toldAt = now;
    const reminder = this.incident.told;
    this.incident.told += 1;
    return this.notice(this.incident, this.limits, null, reminder);
  }

  /** How it stands, while it fires. */
  status(): AlertStatus | null {
    if (this.incident === null || this.limits === null) return null;
    const notice = this.notice(this.incident, this.limits, null, 0);
    const { rule, queue, severity, message, action, runbook, value, limit, since } = notice;
    return {
      ...{ id: rule, rule, queue, severity, state: 'firing', message, action, runbook, value, limit },
      ...{ since, firedAt: since, sentAt: null, sentTo: [], mutedUntil: null, mutedBy: null },
    };
  }

  private ended(now: number): AlertNotice | null {
    const { incident, limits } = this;
    this.awaySince = null;
    this.incident = null;
    if (incident === null || limits === null || incident.told === 0) return null;
    return this.notice(incident, limits, now, 0);
  }

  private notice(
    incident: Incident,
    limits: AlertLimits,
    endedAt: number | null,
    reminder: number,
  ): AlertNotice {
    const { id, firedAt, value } = incident;
    return {
      ...{ id, rule: RULE, queue: null, severity: limits.severity, value, limit: limits.above, reminder },
      status: endedAt === null ? 'firing' : 'resolved',
      message: `This process (${process.pid}) has not reached the ${this.provider} broker for ${shownTime(value)}.`,
      action: actionOf(RULE),
      runbook: runbookOf(RULE, this.runbookUrl),
      since: new Date(firedAt),
      resolvedAt: endedAt === null ? null : new Date(endedAt),
    };
  }
}
