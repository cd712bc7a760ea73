import type { RateLimit } from './rate.js';
import { costOf } from './rate-bucket.js';
import type { BucketLook } from './rate-bucket.js';

/** How long a reserved start is known after its time, milliseconds: a job may come late, or never. */
export const RESERVED_FOR_MS = 600_000;

/** The line of the reserved starts of a rate. */
export interface ReservedLine {
  /** When the next one to join may start, microseconds since the epoch. Once it has passed nobody is in line. */
  readonly end: number;
  /** Microseconds between two of them: another one than now is that of a rate that was changed since. */
  readonly step: number;
}

/** What becomes of a job that asks for a start. Times in microseconds since the epoch. */
export type StartAnswer =
  | { readonly kind: 'starts' }
  /** It comes again at its own time, `joins`: which it got now, at the end of the line. */
  | { readonly kind: 'waits'; readonly at: number; readonly joins: boolean };

/** When the line ends by the rate as it is now: those in it are as many as before. */
export function endOfLine({ end, step }: ReservedLine, now: number, rate: RateLimit): number {
  if (end <= now) return now;
  return now + Math.ceil(((end - now) * costOf(rate, 1)) / step);
}

/**
 * Whether a job starts, or when it is to ask again. The same arithmetic as `reserve-start.lua`.
 *
 * Starts are spent from the bucket alone, so that no more start than the rate allows, however late anybody comes. The line says when to
 * come: each job has a time of its own there, so that nobody asks in vain. One that is late takes whatever is free; only if that is nothing
 * it goes on waiting, for the next start if it was nearly on time, else at the end of the line.
 * @param own what it has reserved
 * @param end {@link endOfLine}
 */
export function askForStart(
  look: BucketLook,
  own: number | undefined,
  end: number,
  now: number,
  rate: RateLimit,
): StartAnswer {
  if (own !== undefined && own > now && !(look.isClosed && own < look.next)) {
    return { kind: 'waits', at: own, joins: false };
  }
  if (look.free > 0 && (own === undefined ? end <= now : own <= now)) return { kind: 'starts' };
  if (own !== undefined && !look.isClosed && now - own <= costOf(rate, 1)) {
    return { kind: 'waits', at: look.next, joins: false };
  }
  return { kind: 'waits', at: Math.max(look.next, end), joins: true };
}
