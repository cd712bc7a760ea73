import type { JobOptions } from 'bull';

/** The name Bull gives a job that has none. */
export const DEFAULT_JOB_NAME = '__default__';

/** One job of Bull's `addBulk`. */
export interface BulkJob {
  readonly name?: string;
  readonly data: unknown;
  readonly opts?: JobOptions;
}

/** The arguments of Bull's `add`: with a name before the payload, or without. */
export function addArguments(
  args: readonly unknown[],
): readonly [name: string, data: unknown, options: unknown] {
  const [first, second, third] = args;
  return typeof first === 'string' ? [first, second, third] : [DEFAULT_JOB_NAME, first, second];
}

const ALL_TYPES = ['waiting', 'active', 'completed', 'failed', 'delayed', 'paused'];

/** Types of jobs as Bull's getters take them: lists, comma-separated text, or nothing for all. */
export function parseTypes(types: unknown): string[] {
  const parsed = [types]
    .flat(2)
    .join(',')
    .split(',')
    .map((type) => type.trim())
    .filter((type) => type !== '');
  return parsed.length > 0 ? parsed : ALL_TYPES;
}
