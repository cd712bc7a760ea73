import { randomUUID } from 'node:crypto';
import type { JobOptions } from 'bull';
import { jsonText } from '../../store/json-text.js';
import type { FullOptions, StoredOptions } from '../../store/stored-job.js';
import { normaliseBackoff } from '../job/job-backoff.js';

/** A job to store. */
export interface NewJob {
  readonly name: string;
  /** Payload as JSON text. */
  readonly json: string;
  /** The id it wants; null: the next number. */
  readonly id: string | null;
  /** When it counts as added, milliseconds since the epoch. */
  readonly timestamp: number;
  readonly options: StoredOptions;
}

/**
 * Equal to Bull: a job with its defaults, as it comes back from its storage. What is falsy as a payload becomes `{}`.
 * @param groupKey the limiter's: the id of the job ends with its group
 * @throws TypeError when JSON cannot hold the payload
 */
export function newJob(
  name: string,
  data: unknown,
  options: JobOptions,
  now: number,
  groupKey: string | undefined,
): NewJob {
  const known =
    groupKey === undefined ? options : { ...options, jobId: idInGroup(options.jobId, groupKey, data) };
  const { timestamp, ...stored } = storedOptions(known, now);
  const id = String(stored.jobId ?? '') || null;
  return { name, json: jsonText(data || {}) ?? '{}', id, timestamp, options: stored };
}

/** A copy that has been through JSON. */
function storedOptions(options: JobOptions, now: number): FullOptions {
  const stored: Record<string, unknown> = { attempts: 1, delay: 0, timestamp: now };
  for (const [key, value] of Object.entries(options)) {
    if (value !== undefined && typeof value !== 'function') stored[key] = storedOption(key, value);
  }
  return stored as unknown as FullOptions;
}

function storedOption(key: string, value: unknown): unknown {
  if (key === 'attempts') return Number.parseInt(value as string, 10);
  if (key === 'delay' || key === 'timestamp') return Number(value);
  if (key === 'backoff' && typeof value === 'number') return normaliseBackoff(value);
  // Flat values, which are the rule, need no trip through JSON.
  if (typeof value === 'object' && value !== null) return JSON.parse(JSON.stringify(value)) as unknown;
  return key === 'backoff' ? (value ?? undefined) : value;
}

function idInGroup(jobId: JobOptions['jobId'], groupKey: string, data: unknown): string {
  const group = groupKey.split('.').reduce<unknown>((value, key) => propertyOf(value, key), data);
  return `${jobId ?? randomUUID()}:${String(group)}`;
}

function propertyOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
