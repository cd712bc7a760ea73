import type { FlowPolicy } from '../../../src/message-queue/jobs/flow/flow-policy.js';

/** What a queue of a random run is like. */
export interface FlowShape {
  /** How many jobs of a key may run; null: it has no gate for keys. */
  readonly slots: number | null;
  readonly onDeadLetter: 'park' | 'skip';
  readonly delays: 'join' | 'hold';
  /** Freed at the start (weight) or at the end (concurrency); null: it has no gate for tenants. */
  readonly tenants: { readonly weight: number } | { readonly concurrency: number } | null;
  readonly handlers: number;
}

/** The policy of a queue of a shape. */
export function policyOf({ slots, onDeadLetter, delays, tenants }: FlowShape): FlowPolicy {
  return {
    ...(slots !== null && {
      key: { concurrency: slots, delays, onDeadLetter: slots > 1 ? 'skip' : onDeadLetter },
    }),
    ...(tenants !== null && { tenant: tenants }),
  };
}

/** A shape by chance. */
export function randomShape(random: () => number): FlowShape {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const slots = pick([1, 1, 1, 2, 3, null]);
  const tenants = pick([
    null,
    { weight: 1 },
    { weight: 1 },
    { weight: 2 },
    { concurrency: 2 },
    { concurrency: 3 },
  ]);
  return {
    slots,
    onDeadLetter: pick(['park', 'park', 'skip']),
    delays: slots === 1 ? pick(['join', 'join', 'hold']) : 'join',
    tenants: slots === null && tenants === null ? { weight: 1 } : tenants,
    handlers: pick([1, 2, 3, 5]),
  };
}
