import type { AlertRule } from '../alert-rule.js';

const MINUTE_MS = 60_000;
const UNIT = 'things that are wrong';

/** Of the bus of events of an app, which each process judges for itself. */
export const EVENTS_UNHEALTHY: AlertRule = {
  about: 'process',
  unit: UNIT,
  defaults: { severity: 'critical', above: 0, forMs: 15_000 },
  action:
    'Read what is wrong: each of its words has a paragraph in the runbook. Events are not handled, or refused.',
  read: () => null,
};

export const EVENTS_DEGRADED: AlertRule = {
  about: 'process',
  unit: UNIT,
  defaults: { severity: 'warning', above: 0, forMs: MINUTE_MS },
  action: 'Read what is wrong: each of its words has a paragraph in the runbook. Events are still handled.',
  read: () => null,
};
