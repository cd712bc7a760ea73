import { randomUUID } from 'node:crypto';
import type { MonitoredAlert } from '../../../kernel/monitored/monitored-events.js';
import type { AlertNotice } from '../../jobs/events/alert-notice.js';
import type { AlertLimits } from './alert-rule.js';
import type { AlertStatus } from './alert-status.js';
import type { AlertRuleName } from './rules/alert-rules.js';
import { actionOf, runbookOf } from './shown-alert.js';

/** Of which rule it is, and how that is set. */
export interface EventsAlertParts {
  readonly rule: AlertRuleName;
  readonly limits: AlertLimits;
  readonly runbookUrl: string;
  /** After how long one that still fires is told again, milliseconds. */
  readonly repeatMs: number;
}

/** What has been wrong with the bus without a break that is worth the word. */
interface Incident {
  readonly id: string;
  readonly firedAt: number;
  value: number;
  message: string;
  /** What sinks were told of. */
  readonly codes: Set<string>;
  toldAt: number;
  told: number;
}

/**
 * An alert on the bus of events of this process: it fires once something of its severity has been wrong for `forMs`, and is over when nothing
 * was for `clearForMs`. Whatever else becomes wrong meanwhile is told at once.
 */
export class EventsAlert {
  private wrongSince: number | null = null;
  private clearSince: number | null = null;
  private incident: Incident | null = null;

  constructor(private readonly parts: EventsAlertParts) {}

  /**
   * The bus was judged.
   * @param alerts those of the rule's severity
   * @param now milliseconds since the epoch, by a clock that goes on evenly
   * @returns what sinks are to be told now
   */
  noted(alerts: readonly MonitoredAlert[], now: number): AlertNotice | null {
    const { limits } = this.parts;
    if (alerts.length <= limits.above) return this.cleared(now);
    this.clearSince = null;
    this.wrongSince ??= now;
    if (this.incident === null && now - this.wrongSince < limits.forMs) return null;
    const incident = (this.incident ??= begun(now));
    incident.value = alerts.length;
    incident.message = messageOf(alerts);
    return this.told(incident, alerts, now);
  }

  /** How it stands, while it fires or is about to. */
  status(): AlertStatus | null {
    const { incident } = this;
    if (incident === null) return null;
    const { rule, queue, severity, message, action, runbook, value, limit, since } = this.notice(
      incident,
      null,
    );
    return {
      ...{ id: rule, rule, queue, severity, state: 'firing', message, action, runbook, value, limit },
      ...{ since, firedAt: since, sentAt: new Date(incident.toldAt), sentTo: [] },
      ...{ mutedUntil: null, mutedBy: null },
    };
  }

  private told(incident: Incident, alerts: readonly MonitoredAlert[], now: number): AlertNotice | null {
    const isNews = alerts.some(({ code }) => !incident.codes.has(code));
    if (!isNews && now - incident.toldAt < this.parts.repeatMs) return null;
    for (const { code } of alerts) incident.codes.add(code);
    incident.toldAt = now;
    incident.told += 1;
    return this.notice(incident, null);
  }

  private cleared(now: number): AlertNotice | null {
    this.wrongSince = null;
    const { incident } = this;
    if (incident === null) return null;
    this.clearSince ??= now;
    if (now - this.clearSince < this.parts.limits.clearForMs) return null;
    this.incident = null;
    this.clearSince = null;
    return this.notice(incident, now);
  }

  private notice(incident: Incident, endedAt: number | null): AlertNotice {
    const { rule, limits, runbookUrl } = this.parts;
    const { id, firedAt, value, message } = incident;
    return {
      ...{ id, rule, queue: null, severity: limits.severity, message, value, limit: limits.above },
      status: endedAt === null ? 'firing' : 'resolved',
      action: actionOf(rule),
      runbook: runbookOf(rule, runbookUrl),
      since: new Date(firedAt),
      resolvedAt: endedAt === null ? null : new Date(endedAt),
      reminder: endedAt === null ? Math.max(0, incident.told - 1) : 0,
    };
  }
}

function begun(now: number): Incident {
  return {
    ...{ id: randomUUID(), firedAt: now, value: 0, message: '', codes: new Set<string>() },
    ...{ toldAt: Number.NEGATIVE_INFINITY, told: 0 },
  };
}

function messageOf(alerts: readonly MonitoredAlert[]): string {
  const told = alerts.map(({ code, message }) => `${code}: ${message}`).join(' ');
  return `The bus of events of this process (${process.pid}): ${told}`;
}
