const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds, or a text such as `500ms`, `30s`, `5m`, `24h`, `7d`. */
export type Duration = number | `${number}${keyof typeof UNITS_MS}`;

/**
 * A duration in milliseconds.
 * @throws RangeError that shows what is allowed
 */
export function toMilliseconds(duration: Duration): number {
  if (typeof duration === 'number') {
    if (Number.isFinite(duration) && duration >= 0) return duration;
    throw new RangeError(`A duration must be 0 ms or more, not ${duration}.`);
  }
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new RangeError(`A duration looks like "500ms", "30s", "5m", "24h" or "7d", not "${duration}".`);
  }
  return Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS];
}
