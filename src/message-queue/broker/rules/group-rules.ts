import type { BatchPolicy, FlowPolicy, KeyPolicy, TenantPolicy } from '../../jobs/flow/flow-policy.js';
import { gateOf } from '../../jobs/flow/group-name.js';
import { parks } from '../../jobs/flow/parking.js';
import { JobPriority, toBullPriority } from '../../jobs/job-priority.js';

/** The lane in which jobs with a tenant stand, whatever their level, which orders them inside the tenant; on Bull's scale. */
export const TENANT_LANE = toBullPriority(JobPriority.NORMAL);

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

/** What one group does with its jobs. */
export interface GroupRules {
  /** Unless others are set by hand. */
  readonly slots: number;
  /** Whether a slot is free again once its job has started, and not only when it has ended. */
  readonly freesAtStart: boolean;
  /**
   * Whether its jobs keep their places until they end, and so their slots between two runs. In the others, more important jobs come
   * first, and a job joins anew before each of its runs.
   */
  readonly isOrdered: boolean;
  /** See {@link KeyRules.parks}. */
  readonly parks: boolean;
  /** See {@link KeyRules.holdsDelayed}. */
  readonly holdsDelayed: boolean;
  /** How its jobs are collected, if they are: then one batch at a time has the slot. */
  readonly batch: BatchPolicy | null;
}

const ANY_GROUP: GroupRules = {
  slots: 1,
  freesAtStart: false,
  isOrdered: false,
  parks: false,
  holdsDelayed: false,
  batch: null,
};

export function keyRules(policy: KeyPolicy): KeyRules {
  const { concurrency = 1, delays } = policy;
  return { concurrency, parks: parks(policy), holdsDelayed: concurrency === 1 && delays === 'hold' };
}

export function tenantRules({ concurrency, weight = 1, weights = {} }: TenantPolicy): TenantRules {
  return { concurrency: concurrency ?? null, weight, weights };
}

/** @param name under which the group is stored */
export function groupRules({ key = {}, tenant = {}, jobs = {} }: FlowPolicy, name: string): GroupRules {
  const { gate, id } = gateOf(name);
  switch (gate) {
    case 'key': {
      const { concurrency, parks, holdsDelayed } = keyRules(key);
      return { ...ANY_GROUP, slots: concurrency, isOrdered: concurrency === 1, parks, holdsDelayed };
    }
    case 'tenant': {
      const { concurrency, weight, weights } = tenantRules(tenant);
      const share = Object.hasOwn(weights, id) ? (weights[id] ?? weight) : weight;
      return { ...ANY_GROUP, slots: concurrency ?? share, freesAtStart: concurrency === null };
    }
    case 'batch': {
      const [job = ''] = id.split(':');
      return { ...ANY_GROUP, batch: (Object.hasOwn(jobs, job) && jobs[job]?.batch) || null };
    }
  }
}

/** How many jobs of one tenant may wait. @param maxWaiting of the queue */
export function tenantLimit(policy: TenantPolicy | undefined, maxWaiting: number): number {
  return policy?.maxWaiting ?? Math.max(1, Math.floor(maxWaiting / 2));
}
