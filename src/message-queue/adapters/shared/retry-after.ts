const SHORTEST_MS = 1_000;

/**
 * How long an answer asks to wait, from its `Retry-After` (seconds, or an HTTP date).
 * @returns milliseconds from 1 000 to `maxMs`, or null when the header is missing or makes no sense
 */
export function retryAfterMs(header: string | undefined, now: number, maxMs: number): number | null {
  const text = header?.trim() ?? '';
  if (text === '') return null;
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  if (Number.isNaN(delayMs)) return null;
  return Math.min(Math.max(Math.ceil(delayMs), SHORTEST_MS), Math.max(maxMs, SHORTEST_MS));
}
