import { closestTo } from '../../../../kernel/values/did-you-mean.js';
import { kind, problemWith, Refusal } from '../../../../kernel/values/kind.js';
import type { Kind } from '../../../../kernel/values/kind.js';
import { isRecord, milliseconds, numberFrom, oneOf } from '../../../../kernel/values/kinds.js';
import type { AlertLimits } from '../alert-rule.js';
import { ALERT_RULE_NAMES, ALERT_RULES } from '../rules/alert-rules.js';
import type { AlertRuleName } from '../rules/alert-rules.js';

/** What differs from the defaults of a rule. */
export interface AlertOverride extends Partial<AlertLimits> {
  /** For which queues; default: all. */
  readonly queues?: readonly string[];
}

/** What a host says of a rule: that there is none, or what differs. Of several that speak of a queue, the last one counts. */
export type GivenRule = false | AlertOverride | readonly AlertOverride[];

/** What a host says of rules. */
export type GivenRules = Readonly<Partial<Record<AlertRuleName, GivenRule>>>;

const YEAR_MS = 31_536_000_000;
const FIELDS: Readonly<Record<keyof AlertLimits, Kind<unknown>>> = {
  severity: oneOf('warning', 'critical'),
  above: numberFrom(0),
  forMs: milliseconds(0, YEAR_MS),
  clear: numberFrom(0),
  clearForMs: milliseconds(0, YEAR_MS),
};
const KEYS = [...Object.keys(FIELDS), 'queues'];

/** Rules as a host gives them. */
export function givenRules(): Kind<GivenRules> {
  const read = (value: unknown): GivenRules | Refusal => {
    if (!isRecord(value)) return new Refusal();
    const problem = Object.entries(value)
      .map(([name, rule]) => problemWithRule(name, rule))
      .find((found) => found !== null);
    return problem === undefined ? value : new Refusal(problem);
  };
  return kind(
    'an object with, per rule, false or { above, forMs, clear, clearForMs, severity, queues }',
    read,
  );
}

function problemWithRule(name: string, given: unknown): string | null {
  if (!ALERT_RULE_NAMES.includes(name as AlertRuleName)) {
    const closest = closestTo(name, ALERT_RULE_NAMES) ?? ALERT_RULE_NAMES.join(', ');
    return `${JSON.stringify(name)} is not a rule; did you mean ${closest}?`;
  }
  if (given === false || given === undefined) return null;
  const overrides: readonly unknown[] = Array.isArray(given) ? given : [given];
  let usual: number = ALERT_RULES[name as AlertRuleName].defaults.above;
  for (const override of overrides) {
    const problem = problemWithOverride(name as AlertRuleName, override, usual);
    if (problem !== null) return problem;
    const { above, queues } = override as AlertOverride;
    if (queues === undefined) usual = above ?? usual;
  }
  return null;
}

/** @param usual what stands for `above` where it says nothing of it */
function problemWithOverride(name: AlertRuleName, given: unknown, usual: number): string | null {
  if (!isRecord(given)) return `${name} must be false, an object, or a list of objects`;
  for (const [key, value] of Object.entries(given)) {
    if (!KEYS.includes(key)) return `${name} has no ${JSON.stringify(key)}; it has ${KEYS.join(', ')}`;
    if (value === undefined) continue;
    const problem =
      key === 'queues'
        ? problemWithQueues(name, value)
        : problemWith(value, FIELDS[key as keyof AlertLimits]);
    if (problem !== undefined) return `${name}.${key} ${problem}`;
  }
  const { above = usual, clear } = given as AlertOverride;
  return clear !== undefined && clear > above
    ? `${name}.clear must be at most above (${above}), or it is over while it is wrong`
    : null;
}

function problemWithQueues(name: AlertRuleName, value: unknown): string | undefined {
  if (ALERT_RULES[name].about !== 'queue') return 'is not for this rule, which is of no queue';
  const isList = Array.isArray(value) && value.every((queue) => typeof queue === 'string' && queue !== '');
  return isList && value.length > 0 ? undefined : 'must be a list of the names of queues';
}
