import { randomUUID } from 'node:crypto';
import type { StoredAlert } from '../../broker/activity-store.js';
import type { AlertLimits, AlertReading } from './alert-rule.js';

/** What an alert is judged by. */
export interface AlertJudgement {
  readonly limits: AlertLimits;
  readonly reading: AlertReading;
  /** Milliseconds since the epoch by the broker's clock. */
  readonly at: number;
  /** After how long one that still fires is told again, milliseconds. */
  readonly repeatMs: number;
}

/** An alert of which nothing is stored yet. */
export function calmAlert(rule: string, queue: string, at: number): StoredAlert {
  return {
    ...{ rule, queue, severity: 'warning', state: 'ok', incident: null, since: at, firedAt: null },
    ...{ clearSince: null, value: 0, limit: 0, message: '', toSend: null, sentTo: [], sentAt: null },
    ...{ reminders: 0, mutedUntil: null, mutedBy: null, version: 0 },
  };
}

/** Whether nobody is told of it for now. */
export function isMuted({ mutedUntil }: StoredAlert, at: number): boolean {
  return mutedUntil !== null && mutedUntil > at;
}

/**
 * Moves an alert on: ok → pending → firing → ok. It fires once its value was too high for `forMs`, and is over once it was below `clear` for
 * `clearForMs`: a value that swings around its limit makes one incident.
 * @returns with the next version; null where nothing of it changed
 */
export function movedAlert(was: StoredAlert, judgement: AlertJudgement): StoredAlert | null {
  const next = nextOf(was, judgement);
  return next === was ? null : { ...next, version: was.version + 1 };
}

/** An alert whose rule or queue is gone: it is over. @returns with the next version; null where it does not fire */
export function endedAlert(was: StoredAlert, at: number): StoredAlert | null {
  return was.state === 'firing' ? { ...resolved(was, at), version: was.version + 1 } : null;
}

function nextOf(was: StoredAlert, judgement: AlertJudgement): StoredAlert {
  const { limits, reading, at } = judgement;
  if (was.state === 'firing') return firingNext(was, judgement);
  if (reading.value <= limits.above) {
    return was.state === 'ok' ? was : { ...was, state: 'ok', since: at, value: reading.value };
  }
  const over = updated(was, judgement);
  const pending: StoredAlert = was.state === 'ok' ? { ...over, state: 'pending', since: at } : over;
  return at - pending.since >= limits.forMs ? fired(pending, at) : pending;
}

/** Where it is told now is only changed by what is new: each change is a write. */
function updated(was: StoredAlert, { limits, reading }: AlertJudgement): StoredAlert {
  const { severity, above: limit } = limits;
  const { value, message } = reading;
  const isSame = was.message === message && was.limit === limit && was.severity === severity;
  return isSame ? was : { ...was, severity, limit, value, message };
}

function fired(pending: StoredAlert, at: number): StoredAlert {
  const firing = { ...pending, state: 'firing', since: at, clearSince: null } as const;
  // Nobody was told that the incident before was over: for them this is still the same one. Where one was, it is a new one for all.
  if (pending.toSend === 'resolved' && pending.sentTo.length === 0) return { ...firing, toSend: null };
  return {
    ...firing,
    ...{ incident: randomUUID(), firedAt: at, toSend: 'firing', reminders: 0, sentTo: [], sentAt: null },
  };
}

function firingNext(was: StoredAlert, judgement: AlertJudgement): StoredAlert {
  const { limits, reading, at, repeatMs } = judgement;
  const { value } = reading;
  if (value < limits.clear || value === 0) {
    const clearSince = was.clearSince ?? at;
    if (at - clearSince >= limits.clearForMs) return resolved({ ...was, value }, at);
    return was.clearSince === null ? { ...was, clearSince, value } : reminded(was, at, repeatMs);
  }
  const still = value > limits.above ? updated(was, judgement) : was;
  const isBack = still.clearSince !== null;
  return reminded(isBack ? { ...still, clearSince: null, value } : still, at, repeatMs);
}

function resolved(was: StoredAlert, at: number): StoredAlert {
  const over = { ...was, state: 'ok', since: at, clearSince: null } as const;
  // Whoever was not told that it fired need not hear that it is over.
  return was.sentAt === null ? { ...over, toSend: null } : { ...over, toSend: 'resolved', sentTo: [] };
}

function reminded(was: StoredAlert, at: number, repeatMs: number): StoredAlert {
  const { sentAt, sentTo } = was;
  if (sentAt === null || at - sentAt < repeatMs || isMuted(was, at) || sentTo.length === 0) return was;
  return { ...was, toSend: 'firing', reminders: was.reminders + 1, sentTo: [] };
}
