import type { Issue } from '../../kernel/errors.js';
import { didYouMean } from '../../kernel/values/did-you-mean.js';
import type { ManagedJobRecord } from '../jobs/managed-job.js';

/** Most runs a job may have. */
export const MAX_ATTEMPTS = 1000;

/** Longest timeout of an attempt, milliseconds (24 days: the longest timer there is). */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Collects everything that is wrong with one set of options. */
export class OptionIssues {
  readonly list: Issue[] = [];

  add(path: string, message: string): void {
    this.list.push({ path, message });
  }

  /** A whole number from `min` to `max`; `what` names the unit in the message. @returns whether it is */
  wholeNumber(
    path: string,
    value: unknown,
    min: number,
    max: number,
    what = 'whole number',
  ): value is number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return true;
    this.add(path, `must be a ${what} from ${min} to ${max}, not ${shown(value)}`);
    return false;
  }

  flag(path: string, value: unknown): void {
    if (typeof value !== 'boolean') this.add(path, `must be true or false, not ${shown(value)}`);
  }

  text(path: string, value: unknown, maxLength: number): value is string {
    if (typeof value === 'string' && value !== '' && value.length <= maxLength) return true;
    this.add(path, `must be a text of 1 to ${maxLength} characters, not ${shown(value)}`);
    return false;
  }

  /** A point in time: Date, milliseconds or a text that `Date` can read. @returns milliseconds */
  moment(path: string, value: unknown): number | undefined {
    const isReadable = value instanceof Date || typeof value === 'string' || typeof value === 'number';
    const at = isReadable ? new Date(value).getTime() : Number.NaN;
    if (!Number.isNaN(at)) return at;
    this.add(path, `must be a Date, ISO text or milliseconds, not ${shown(value)}`);
    return undefined;
  }

  knownKeys(path: string, value: object, known: readonly string[]): void {
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue;
      const full = path === '' ? key : `${path}.${key}`;
      this.add(full.slice(0, 100), `is not an option.${didYouMean(key, known)}`);
    }
  }
}

/** Whether a value is an object with keys (not null, not a list). */
export function isOptionObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value for an error message, at most about 40 characters. For option values only, never for content. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'bigint') return `the bigint ${value}`;
  return String(value);
}

const METADATA_MAX_KEYS = 32;

/** Small key–value pairs: at most 32, keys to 64 characters, values text to 500 characters, finite numbers, booleans. */
export function checkMetadata(issues: OptionIssues, path: string, metadata: unknown): void {
  if (!isOptionObject(metadata)) {
    issues.add(path, `must be an object of small values, not ${shown(metadata)}`);
    return;
  }
  const keys = Object.keys(metadata);
  if (keys.length > METADATA_MAX_KEYS) {
    issues.add(path, `must have at most ${METADATA_MAX_KEYS} keys, has ${keys.length}`);
    return;
  }
  for (const key of keys) {
    const value = metadata[key];
    const isSmall =
      typeof value === 'boolean' ||
      (typeof value === 'number' && Number.isFinite(value)) ||
      (typeof value === 'string' && value.length <= 500);
    if (key.length > 64 || key === '__proto__') issues.add(path, `must have short keys, not ${shown(key)}`);
    else if (!isSmall) {
      issues.add(
        `${path}.${key}`,
        'must be a text of at most 500 characters, a finite number, true or false',
      );
    }
  }
}

const RECORD_KEYS = [
  'correlationId',
  'metadata',
  'timeoutMs',
  'defaultAttempts',
  'idempotencyKey',
  'failures',
  'replays',
  'cancelled',
] as const satisfies readonly (keyof ManagedJobRecord)[];

/**
 * Checks what a caller wants remembered. History (failures, replays, cancellation) is dropped: a copied job starts new.
 */
export function checkRecord(issues: OptionIssues, record: unknown): ManagedJobRecord {
  if (record === undefined) return {};
  if (!isOptionObject(record)) {
    issues.add('mq', `must be an object, not ${shown(record)}`);
    return {};
  }
  issues.knownKeys('mq', record, RECORD_KEYS);
  const { correlationId, metadata, timeoutMs, idempotencyKey } = record;
  if (correlationId !== undefined) issues.text('mq.correlationId', correlationId, 200);
  if (metadata !== undefined) checkMetadata(issues, 'mq.metadata', metadata);
  if (timeoutMs !== undefined) issues.wholeNumber('mq.timeoutMs', timeoutMs, 1, MAX_TIMEOUT_MS);
  if (idempotencyKey !== undefined) issues.text('mq.idempotencyKey', idempotencyKey, 256);
  const defaultAttempts = record.defaultAttempts === true ? true : undefined;
  const kept = { correlationId, metadata, timeoutMs, defaultAttempts, idempotencyKey };
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
}
