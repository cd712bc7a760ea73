import type { ActivityStore, StoredAlert } from '../../broker/activity-store.js';
import { limitsOf } from './settings/alert-limits.js';
import type { AlertLimits, AlertQueue, AlertReading, AlertRule, AlertSnapshot } from './alert-rule.js';
import type { AlertSettings } from './settings/alert-settings.js';
import { calmAlert, endedAlert, movedAlert } from './alert-state.js';
import { ALERT_RULE_NAMES, ALERT_RULES } from './rules/alert-rules.js';
import type { AlertRuleName } from './rules/alert-rules.js';

/** What is set of rules, and how often an alert is repeated. */
export type EvaluationSettings = Pick<AlertSettings, 'rules' | 'repeatMs'>;

type Store = Pick<ActivityStore, 'moveAlert' | 'removeAlert'>;

/** A rule, and what it is about. */
interface Subject {
  readonly name: AlertRuleName;
  /** Empty where it is of no queue. */
  readonly queue: string;
  readonly limits: AlertLimits;
}

/**
 * Judges every rule once and stores what has changed. What somebody else has moved meanwhile (a leader before this one, a mute) stays as it is:
 * the next evaluation sees that. An alert of a rule or queue that is gone ends, and is removed.
 * @returns alerts of which somebody is to be told, as they are stored now
 */
export async function evaluate(
  snapshot: AlertSnapshot,
  store: Store,
  { rules, repeatMs }: EvaluationSettings,
): Promise<readonly StoredAlert[]> {
  const { alerts, at } = snapshot.look;
  const stored = new Map(alerts.map((alert) => [keyOf(alert.rule, alert.queue), alert]));
  const subjects = subjectsOf(snapshot.queues, rules);
  const known = new Set(subjects.map(({ name, queue }) => keyOf(name, queue)));
  const judged = subjects.map(async (subject) => {
    const { name, queue, limits } = subject;
    const was = stored.get(keyOf(name, queue)) ?? calmAlert(name, queue, at);
    const reading = readingOf(subject, snapshot);
    return reading === null ? was : kept(was, movedAlert(was, { limits, reading, at, repeatMs }), store);
  });
  const gone = alerts
    .filter(({ rule, queue }) => !known.has(keyOf(rule, queue)))
    .map((alert) => endedOrRemoved(alert, at, store));
  const now = await Promise.all([...judged, ...gone]);
  return now.filter((alert) => alert !== null && alert.toSend !== null) as StoredAlert[];
}

/** Every rule that is on, for each queue that it is about. */
function subjectsOf(
  queues: ReadonlyMap<string, AlertQueue>,
  rules: EvaluationSettings['rules'],
): readonly Subject[] {
  return ALERT_RULE_NAMES.flatMap((name) => {
    const { about } = ALERT_RULES[name];
    if (about === 'process') return [];
    const of = about === 'queue' ? [...queues.values()] : [undefined];
    return of.flatMap((queue) => {
      const limits = limitsOf(name, queue, rules);
      return limits === null ? [] : [{ name, queue: queue?.name ?? '', limits }];
    });
  });
}

function readingOf({ name, queue, limits }: Subject, snapshot: AlertSnapshot): AlertReading | null {
  const { read }: AlertRule = ALERT_RULES[name];
  return read(snapshot, queue, limits.above);
}

/** @returns as it is stored now; null: somebody else has moved it */
async function kept(was: StoredAlert, next: StoredAlert | null, store: Store): Promise<StoredAlert | null> {
  if (next === null) return was;
  return (await store.moveAlert(next)) ? next : null;
}

/** Whoever was told that it fires is told that it is over, before nobody knows of it any more. */
async function endedOrRemoved(was: StoredAlert, at: number, store: Store): Promise<StoredAlert | null> {
  const ended = endedAlert(was, at);
  if (ended !== null) return kept(was, ended, store);
  if (was.toSend !== null) return was;
  await store.removeAlert(was.rule, was.queue);
  return null;
}

function keyOf(rule: string, queue: string): string {
  return `${rule}|${queue}`;
}
