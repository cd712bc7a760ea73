/** The one priority scale of this library: 1–10, 10 first; FIFO within a level. */
export const JobPriority = { CRITICAL: 10, HIGH: 8, NORMAL: 5, LOW: 2 } as const;

/** A priority level: one of the named ones or any whole number from 1 to 10. */
export type JobPriority = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** Whether a value is a priority level. */
export function isJobPriority(value: unknown): value is JobPriority {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 10;
}

/** Our scale (10 first) to Bull's (1 first). */
export function toBullPriority(priority: JobPriority): number {
  return 11 - priority;
}

/** Bull's scale to ours; a job without priority (0 or undefined) comes after all others: 1. */
export function fromBullPriority(priority: number | undefined): JobPriority {
  const level = priority ? Math.min(10, Math.max(1, 11 - priority)) : 1;
  return level as JobPriority;
}
