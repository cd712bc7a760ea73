import { InvalidJobOptionsError } from '../jobs/errors.js';
import type { Issue } from '../../kernel/errors.js';
import type { LetterHead } from './dead-letter.js';

/** Which dead letters are meant. Every field narrows; none means all. */
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

/** A filter with its dates as numbers, ready to be asked. */
export interface ReadyFilter {
  readonly queues: readonly string[];
  readonly from: number;
  readonly to: number;
  /** False when every letter of the range matches anyway. */
  readonly isSelective: boolean;
  matches(letter: LetterHead): boolean;
}

/**
 * Checks a filter and makes it ready.
 * @param known names of the registered queues
 * @throws InvalidJobOptionsError listing what is wrong
 */
export function readyFilter(filter: DeadLetterFilter, known: readonly string[]): ReadyFilter {
  const issues: Issue[] = [];
  if (typeof (filter as unknown) !== 'object' || (filter as unknown) === null) {
    throw new InvalidJobOptionsError('The dead letter filter is wrong:', [
      { path: 'filter', message: 'must be an object; {} means every letter' },
    ]);
  }
  const from = instant(filter.from, 'from', Number.NEGATIVE_INFINITY, issues);
  const to = instant(filter.to, 'to', Number.POSITIVE_INFINITY, issues);
  if (from > to) issues.push({ path: 'from', message: 'is later than `to`' });
  const queues = filter.queue === undefined ? known : names(filter.queue, 'queue', issues);
  for (const name of queues) {
    if (!known.includes(name)) {
      issues.push({ path: 'queue', message: `there is no queue "${name}"; there are ${known.join(', ')}` });
    }
  }
  const jobs = filter.job === undefined ? null : new Set(names(filter.job, 'job', issues));
  if (filter.error !== undefined && typeof (filter.error as unknown) !== 'string') {
    issues.push({ path: 'error', message: 'must be a text' });
  }
  if (issues.length > 0) throw new InvalidJobOptionsError('The dead letter filter is wrong:', issues);
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

function names(given: unknown, path: string, issues: Issue[]): readonly string[] {
  const list: readonly unknown[] | null =
    typeof given === 'string' ? [given] : Array.isArray(given) ? given : null;
  if (list?.every((name) => typeof name === 'string') === true) return [...new Set(list)];
  issues.push({ path, message: 'must be a name or a list of names' });
  return [];
}

function instant(value: Date | number | undefined, path: string, open: number, issues: Issue[]): number {
  if (value === undefined) return open;
  const time = Number(value);
  if (Number.isFinite(time)) return time;
  issues.push({ path, message: 'is not a date; give a Date or milliseconds since the epoch' });
  return open;
}
