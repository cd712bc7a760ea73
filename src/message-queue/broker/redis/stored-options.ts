import type { ManagedJobOptions } from '../../jobs/managed-job.js';

/** A job's options as they are stored; none when there is no job or its text is not JSON any more. */
export function readOptions(stored: string | null): ManagedJobOptions {
  if (stored === null) return {};
  try {
    return JSON.parse(stored) as ManagedJobOptions;
  } catch {
    return {};
  }
}
