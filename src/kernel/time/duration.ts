import { problemWith, worded } from '../values/kind.js';
import { numberFrom } from '../values/kinds.js';

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds, or a text such as `500ms`, `30s`, `5m`, `24h`, `7d`. */
export type Duration = number | `${number}${keyof typeof UNITS_MS}`;

const MILLISECONDS = numberFrom(0, undefined, 'milliseconds');
const DURATION = worded(
  `${MILLISECONDS.expected}, or text such as "500ms", "30s", "5m", "24h" or "7d"`,
  MILLISECONDS,
);

/**
 * A duration in milliseconds.
 * @throws RangeError that shows what is allowed
 */
export function toMilliseconds(duration: Duration): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(duration)) ?? [];
  const ms = amount === undefined ? duration : Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS];
  const problem = problemWith(ms, DURATION);
  if (problem !== undefined) throw new RangeError(`A duration ${problem}.`);
  return ms as number;
}
