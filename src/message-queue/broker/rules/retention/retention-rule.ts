import type { KeepJobsOptions } from 'bull';

/** Which finished jobs of a queue stay when one more has finished. */
export interface Retention {
  /** How many, this one included; 0: not even this one; −1: all. */
  readonly count: number;
  /** For how long, seconds; null: any time. */
  readonly ageSeconds: number | null;
}

/**
 * What a job's `removeOnComplete` or `removeOnFail` says. What means nothing to Bull (a plain producer may have stored
 * anything) keeps all: a job that is kept for too long does less harm than one that is gone.
 */
export function retentionRule(remove: boolean | number | KeepJobsOptions | null | undefined): Retention {
  if (remove === true) return { count: 0, ageSeconds: null };
  if (typeof remove === 'object' && remove !== null) {
    const { count, age } = remove;
    return {
      count: countOf(count),
      ageSeconds: typeof age === 'number' && Number.isFinite(age) && age >= 0 ? age : null,
    };
  }
  return { count: countOf(remove), ageSeconds: null };
}

function countOf(count: unknown): number {
  return Number.isSafeInteger(count) && Number(count) >= 0 ? Number(count) : -1;
}
