/** What is emitted: 200 bytes as JSON, and no two alike, for whatever copies the same object twice may write it once. */
export interface BenchEvent {
  readonly n: number;
  readonly at: number;
  readonly user: string;
  readonly text: string;
  /** How long its handler computes, milliseconds. */
  readonly busyMs: number;
}

const TEXT =
  'Your order has left our house and will be with you soon. Thank you for being so patient: it was worth waiting for, we hope';

/** @param at when it is emitted, milliseconds since the epoch */
export function benchEvent(n: number, at: number, busyMs = 0): BenchEvent {
  return { n: 1_000_000_000 + n, at, user: `customer-${1_000_000 + n}`, text: `${TEXT} (${n % 10})`, busyMs };
}
