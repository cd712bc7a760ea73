import { nextRepeat } from '../../../admission/repeat-times.js';
import { UnrecoverableJobError } from '../../../jobs/errors.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';
import { MAX_DELAY_MS } from '../../../jobs/retry-policy.js';
import { isRecord } from '../../../../kernel/values/kinds.js';
import { kindOf } from '../../../../kernel/values/words.js';

/** A stored job that nobody can run. The message says what is wrong with it, and quotes nothing of it. */
export class UnreadableJobError extends UnrecoverableJobError {
  /** @param problem such as `its payload is not JSON` */
  static about(problem: string): UnreadableJobError {
    return new UnreadableJobError(`The stored job cannot be read: ${problem}.`);
  }
}

/** Latest time that a Date can hold. */
const LAST_TIME = 8.64e15;
const MOST_ATTEMPTS = 1_000_000;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** What a stored option must be where it is given, and the test of it; whatever is not listed is harmless. */
const OPTION_RULES: Readonly<Record<string, readonly [expected: string, test: (value: unknown) => boolean]>> =
  {
    attempts: [`a number from 0 to ${MOST_ATTEMPTS}`, (value) => isNumeric(value, 0, MOST_ATTEMPTS)],
    delay: ['a number of milliseconds', (value) => isNumeric(value, -MAX_DELAY_MS, MAX_DELAY_MS)],
    timestamp: ['a time in milliseconds', (value) => isNumeric(value, 0, LAST_TIME)],
    prevMillis: ['a time in milliseconds', (value) => isNumeric(value, 0, LAST_TIME)],
    backoff: ['a number of milliseconds or { type, delay }', isBackoff],
    stackTraceLimit: ['a number', (value) => isNumeric(value, 0, LAST_TIME)],
    repeat: ['a schedule with { cron } or { every }', isSchedule],
    mq: ['an object', isRecord],
  };

const RECORD_RULES: typeof OPTION_RULES = {
  correlationId: ['a string', (value) => typeof value === 'string'],
  metadata: ['an object', isRecord],
  timeoutMs: [
    'a number of milliseconds',
    (value) => typeof value === 'number' && isNumeric(value, 1, DAY_MS),
  ],
};

/**
 * A job's stored options; what is null there, as JSON has it of NaN, was not given.
 * @throws UnreadableJobError when they are not an object, or hold what nobody can work with
 */
export function parsedOptions(stored: string): ManagedJobOptions {
  const options = parsedJson(stored, 'options');
  if (!isRecord(options)) {
    throw UnreadableJobError.about(`its options must be a JSON object, got ${kindOf(options)}`);
  }
  if (isDeep(options)) throw UnreadableJobError.about('its options are nested too deeply');
  const given = checked(options, OPTION_RULES, 'option');
  const { mq } = given;
  return isRecord(mq) ? { ...given, mq: checked(mq, RECORD_RULES, 'option mq.') } : given;
}

/** A job's stored options; empty when there is no job, or nobody can read them. */
export function readOptions(stored: string | null): ManagedJobOptions {
  if (stored === null) return {};
  try {
    return parsedOptions(stored);
  } catch {
    return {};
  }
}

const MOST_LEVELS = 500;

/** Whether a value is nested so deeply that writing it as JSON, or walking through it, could end in a stack overflow. */
export function isDeep(value: unknown, levels = MOST_LEVELS): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeep(inner, levels - 1));
}

/** What a text says, for somebody who looks at it; null when it is not JSON, or too deeply nested to be passed on. */
export function readableJson(text: string | null | undefined): unknown {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return isDeep(value) ? null : value;
  } catch {
    return null;
  }
}

/** @throws UnreadableJobError when the text is not JSON */
export function parsedJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // JSON's own error quotes the text.
    throw UnreadableJobError.about(`its ${what} is not JSON`.replace('options is', 'options are'));
  }
}

/**
 * A whole number of a job's hash.
 * @param absent what it is without the field
 * @throws UnreadableJobError when it is none from 0 to `most`
 */
export function wholeField(text: string | null, field: string, most: number, absent: number): number {
  if (text === null) return absent;
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw UnreadableJobError.about(`its ${field} must be a whole number from 0 to ${most}`);
}

/** When a job was added, milliseconds since the epoch. @throws UnreadableJobError when its hash has no such time */
export function timestampField(text: string | null): number {
  return wholeField(text ?? '', 'timestamp', LAST_TIME, 0);
}

const LONGEST_NAME = 200;

/** @throws UnreadableJobError for what can be no job's name */
export function checkName(name: string): void {
  if (name === '' || name.length > LONGEST_NAME || /[\p{Cc}\p{Cs}\u2028\u2029]/u.test(name)) {
    throw UnreadableJobError.about(
      `its name must be 1 to ${LONGEST_NAME} characters without control characters`,
    );
  }
}

function checked(
  given: Readonly<Record<string, unknown>>,
  rules: typeof OPTION_RULES,
  what: string,
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === null || name === '__proto__') continue;
    const [expected, test] = (Object.hasOwn(rules, name) ? rules[name] : undefined) ?? [];
    if (test !== undefined && !test(value)) {
      const path = what.endsWith('.') ? `${what}${name}` : `${what} ${name}`;
      throw UnreadableJobError.about(`its ${path} must be ${expected}, got ${kindOf(value)}`);
    }
    kept[name] = value;
  }
  return kept;
}

/** A number, or a text that Bull reads as one. */
function isNumeric(value: unknown, min: number, max: number): boolean {
  const isText = typeof value === 'string' && value.trim() !== '';
  const number = typeof value === 'number' || isText ? Number(value) : Number.NaN;
  return number >= min && number <= max;
}

function isBackoff(value: unknown): boolean {
  if (!isRecord(value)) return value === false || isNumeric(value, 0, MAX_DELAY_MS);
  const { type, delay } = value;
  const isDelay = delay === undefined || delay === null || isNumeric(delay, 0, MAX_DELAY_MS);
  return typeof type === 'string' && isDelay;
}

function isSchedule(value: unknown): boolean {
  if (value === false) return true;
  if (!isRecord(value)) return false;
  const { cron, every } = value;
  const isTimed = typeof cron === 'string' || isNumeric(every, 1, MAX_DELAY_MS);
  try {
    if (isTimed) nextRepeat(value, Date.now());
    return isTimed;
  } catch {
    return false;
  }
}
