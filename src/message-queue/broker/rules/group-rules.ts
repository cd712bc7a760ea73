import type { KeyPolicy, TenantPolicy } from '../../jobs/flow/flow-policy.js';

/** A key's policy with its defaults. */
export interface KeyRules {
  /** Jobs of one key that run at the same time; 1: strict order. */
  readonly concurrency: number;
  /** Whether a dead letter keeps its slot, so that the key stands still. */
  readonly parks: boolean;
  /** Whether a job that is delayed takes its place when it is added. */
  readonly holdsDelayed: boolean;
}

/** A tenant's policy with its defaults. */
export interface TenantRules {
  /** Jobs of one tenant that run at the same time; null: any number, and its weight says how many stand in the lane. */
  readonly concurrency: number | null;
  readonly weight: number;
  /** Of tenants that have another weight. */
  readonly weights: Readonly<Record<string, number>>;
}

export function keyRules({ concurrency = 1, onDeadLetter, delays }: KeyPolicy): KeyRules {
  return {
    concurrency,
    parks: concurrency === 1 && onDeadLetter !== 'skip',
    holdsDelayed: concurrency === 1 && delays === 'hold',
  };
}

export function tenantRules({ concurrency = null, weight = 1, weights = {} }: TenantPolicy): TenantRules {
  return { concurrency, weight, weights };
}

/** How many jobs of one tenant may wait. @param maxWaiting of the queue */
export function tenantLimit(policy: TenantPolicy | undefined, maxWaiting: number): number {
  return policy?.maxWaiting ?? Math.max(1, Math.floor(maxWaiting / 2));
}
