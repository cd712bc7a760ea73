import { CLEAR_FOR_MS, CLEAR_SHARE } from '../alert-rule.js';
import type { AlertLimits, AlertQueue } from '../alert-rule.js';
import type { AlertOverride, GivenRules } from './given-rules.js';
import { ALERT_RULES } from '../rules/alert-rules.js';
import type { AlertRuleName } from '../rules/alert-rules.js';

/**
 * When a rule fires for a queue, or for the fleet.
 * @param queue undefined where the rule is of none
 * @returns null: it is switched off
 */
export function limitsOf(
  name: AlertRuleName,
  queue: AlertQueue | undefined,
  given: GivenRules,
): AlertLimits | null {
  const said = given[name];
  if (said === false) return null;
  const { defaults, aboveFor } = ALERT_RULES[name];
  const override = mergedFor(queue?.name, said);
  const usual =
    queue === undefined || aboveFor === undefined ? defaults.above : aboveFor(queue, defaults.above);
  const above = override.above ?? usual;
  return {
    severity: override.severity ?? defaults.severity,
    above,
    forMs: override.forMs ?? defaults.forMs,
    // Where one entry of a list says `clear`, and another `above`: it is never over while it is wrong.
    clear: Math.min(override.clear ?? above * CLEAR_SHARE, above),
    clearForMs: override.clearForMs ?? CLEAR_FOR_MS,
  };
}

function mergedFor(queue: string | undefined, given: GivenRules[AlertRuleName]): AlertOverride {
  const overrides: readonly AlertOverride[] = Array.isArray(given)
    ? (given as readonly AlertOverride[])
    : [(given as AlertOverride | undefined) ?? {}];
  const ours = overrides.filter(({ queues }) => queues === undefined || queues.includes(queue ?? ''));
  const said = ours.flatMap((one) => Object.entries(one)).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said);
}
