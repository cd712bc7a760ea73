import type { ManagedJobOptions } from '../../../jobs/managed-job.js';

/** A job's stored options; empty when there is no job or its text is not a JSON object. */
export function readOptions(stored: string | null): ManagedJobOptions {
  if (stored === null) return {};
  try {
    const options: unknown = JSON.parse(stored);
    return typeof options === 'object' && options !== null ? options : {};
  } catch {
    return {};
  }
}
