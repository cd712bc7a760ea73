import { InvalidJobOptionsError } from '../jobs/errors.js';
import { Issues } from '../../kernel/values/issues.js';
import { kind, kindThat, Refusal } from '../../kernel/values/kind.js';
import type { Kind } from '../../kernel/values/kind.js';
import { knownName, record } from '../../kernel/values/kinds.js';
import type { LetterHead } from './dead-letter.js';

/** Which dead letters to match. Each field narrows the match; without any, all match. */
export interface DeadLetterFilter {
  /** One queue or several. Default: all that are registered. */
  readonly queue?: string | readonly string[];
  /** One job name or several. */
  readonly job?: string | readonly string[];
  /** Text that the last error's name or message contains, whatever its case. */
  readonly error?: string;
  /** Became a dead letter at this time or later. */
  readonly from?: Date | number;
  /** Became a dead letter at this time or earlier. */
  readonly to?: Date | number;
  /** Only cancelled ones (true), or none of them (false). Default: both. */
  readonly cancelled?: boolean;
}

/** A filter with its dates as numbers, ready for use. */
export interface ReadyFilter {
  readonly queues: readonly string[];
  readonly from: number;
  readonly to: number;
  /** False when every letter of the range matches anyway. */
  readonly isSelective: boolean;
  matches(letter: LetterHead): boolean;
}

const FILTER = record<DeadLetterFilter>('an object; {} means every letter');
const ERROR_TEXT = kindThat<string>('a string', (value) => typeof value === 'string');
const NAMES = kind<readonly string[]>('a name or a list of names', (value) => {
  const list: unknown = typeof value === 'string' ? [value] : value;
  const isList = Array.isArray(list) && list.every((name) => typeof name === 'string');
  return isList ? [...new Set(list)] : new Refusal();
});
const INSTANT = kind<number>('a Date or milliseconds since the epoch', (value) => {
  const time = Number(value);
  return Number.isFinite(time) ? time : new Refusal();
});

/**
 * Checks a filter and prepares it.
 * @param known names of the registered queues
 * @throws InvalidJobOptionsError listing what is wrong
 */
export function readyFilter(filter: DeadLetterFilter, known: readonly string[]): ReadyFilter {
  const issues = new Issues();
  const isObject = issues.check('filter', filter, FILTER);
  const given: DeadLetterFilter = isObject ? filter : {};
  const read = <T>(path: keyof DeadLetterFilter, kind: Kind<T, unknown>): T | undefined =>
    given[path] === undefined ? undefined : issues.read(path, given[path], kind);
  const from = read('from', INSTANT) ?? Number.NEGATIVE_INFINITY;
  const to = read('to', INSTANT) ?? Number.POSITIVE_INFINITY;
  issues.unless(from <= to, 'from', 'is later than `to`');
  const queues = read('queue', NAMES) ?? known;
  const registered = knownName('a registered queue', known);
  for (const name of queues) issues.check('queue', name, registered);
  const jobNames = read('job', NAMES);
  const jobs = jobNames === undefined ? null : new Set(jobNames);
  issues.checkGiven('error', given.error, ERROR_TEXT);
  issues.throwIfAny(InvalidJobOptionsError, 'The dead letter filter is wrong:');
  const text = filter.error?.toLowerCase() ?? '';
  const { cancelled } = filter;
  return {
    queues,
    from,
    to,
    isSelective: jobs !== null || text !== '' || cancelled !== undefined,
    matches: (letter) =>
      (jobs === null || jobs.has(letter.job)) &&
      (cancelled === undefined || cancelled === (letter.cancelled !== null)) &&
      (text === '' || `${letter.error}: ${letter.reason}`.toLowerCase().includes(text)),
  };
}
