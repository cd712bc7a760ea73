import type { ManagedJobOptions } from '../../../jobs/managed-job.js';

/** The reply to HGETALL inside a script, as an object. */
export function hashOf(pairs: readonly string[]): Record<string, string> {
  const hash: Record<string, string> = {};
  for (let i = 0; i + 1 < pairs.length; i += 2) hash[pairs[i] as string] = pairs[i + 1] as string;
  return hash;
}

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
