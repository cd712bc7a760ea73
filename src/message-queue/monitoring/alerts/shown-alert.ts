import type { StoredAlert } from '../../broker/activity-store.js';
import type { AlertNotice } from '../../jobs/events/alert-notice.js';
import type { AlertStatus } from './alert-status.js';
import { ruleOf } from './rules/alert-rules.js';

/** Of a rule that a newer version of the library stored. */
const UNKNOWN_ACTION = 'Look at the runbook of the version that raised it.';

/** What an alert is called outside: `<rule>`, or `<rule>|<queue>`. */
function alertId({ rule, queue }: Pick<StoredAlert, 'rule' | 'queue'>): string {
  return queue === '' ? rule : `${rule}|${queue}`;
}

/** Rule and queue of an alert's id. */
export function alertOf(id: string): Pick<StoredAlert, 'rule' | 'queue'> {
  const at = id.indexOf('|');
  return at < 0 ? { rule: id, queue: '' } : { rule: id.slice(0, at), queue: id.slice(at + 1) };
}

/** What to do first about a rule. */
export function actionOf(rule: string): string {
  return ruleOf(rule)?.action ?? UNKNOWN_ACTION;
}

/** Where the runbook speaks of a rule. @param runbookUrl of the runbook */
export function runbookOf(rule: string, runbookUrl: string): string {
  return `${runbookUrl}#${rule.toLowerCase()}`;
}

/** A stored alert as everybody is shown it. */
export function shownAlert(alert: StoredAlert, runbookUrl: string): AlertStatus {
  const { rule, queue, severity, state, message, value, limit, sentTo, mutedBy } = alert;
  return {
    id: alertId(alert),
    ...{ rule, queue: queue === '' ? null : queue, severity, state, message },
    action: actionOf(rule),
    runbook: runbookOf(rule, runbookUrl),
    ...{ value, limit, sentTo, mutedBy },
    since: new Date(alert.since),
    firedAt: dateOf(alert.firedAt),
    sentAt: dateOf(alert.sentAt),
    mutedUntil: dateOf(alert.mutedUntil),
  };
}

/** What sinks are told of an alert whose transition is to be sent. */
export function noticeOf(alert: StoredAlert, runbookUrl: string): AlertNotice {
  const { rule, queue, severity, message, value, limit, incident, since, firedAt, reminders } = alert;
  const isOver = alert.toSend === 'resolved';
  return {
    id: incident ?? alertId(alert),
    ...{ rule, queue: queue === '' ? null : queue, severity, message, value, limit },
    status: isOver ? 'resolved' : 'firing',
    action: actionOf(rule),
    runbook: runbookOf(rule, runbookUrl),
    since: new Date(firedAt ?? since),
    resolvedAt: isOver ? new Date(since) : null,
    reminder: isOver ? 0 : reminders,
  };
}

/** Firing ones first, critical before the others, then pending ones; the longest first. */
export function worstAlertsFirst(alerts: readonly AlertStatus[]): AlertStatus[] {
  const rank = ({ state, severity }: AlertStatus): number =>
    ({ firing: 0, pending: 2, ok: 4 })[state] + (severity === 'critical' ? 0 : 1);
  return alerts.toSorted((a, b) => rank(a) - rank(b) || a.since.getTime() - b.since.getTime());
}

function dateOf(at: number | null): Date | null {
  return at === null ? null : new Date(at);
}
