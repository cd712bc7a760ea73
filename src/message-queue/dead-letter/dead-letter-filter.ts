import { InvalidJobOptionsError } from '../jobs/errors.js';
import { Issues } from '../../kernel/values/issues.js';
import { kind, kindThat, Refusal } from '../../kernel/values/kind.js';
import type { Kind } from '../../kernel/values/kind.js';
import { knownName, moment, record } from '../../kernel/values/kinds.js';
import type { ManagedQueues } from '../broker/managed-queues.js';
import { asStored, hasField, payloadField } from '../finding/payload-field.js';
import type { PayloadField, SeenPayload } from '../finding/payload-field.js';
import type { LetterHead } from './dead-letter.js';
import { GroupKeys, isGroupKey } from './groups/group-key.js';

/** Which dead letters to match. Each field narrows the match; without any, all match. */
export interface DeadLetterFilter {
  /** One queue or several. Default: all that are registered. */
  readonly queue?: string | readonly string[];
  /** One job name or several. */
  readonly job?: string | readonly string[];
  /** Text that the last error's name or message contains, whatever its case. */
  readonly error?: string;
  /** Became a dead letter at this time or later. */
  readonly from?: Date | number | string;
  /** Became a dead letter at this time or earlier. */
  readonly to?: Date | number | string;
  /** Only cancelled ones (true), or none of them (false). Default: both. */
  readonly cancelled?: boolean;
  /** Only those of one group: its `key`. */
  readonly group?: string;
  /**
   * A condition on a field of the payload, such as `user.id = 42`. Sealed payloads meet none: a queue whose payloads are sealed may not be
   * asked for by name, and is left out otherwise.
   */
  readonly payload?: string;
}

/** A filter with its dates as numbers, ready for use. */
export interface ReadyFilter {
  readonly queues: readonly string[];
  readonly from: number;
  readonly to: number;
  /** False when every letter of the range matches anyway. */
  readonly isSelective: boolean;
  /** Whether `matches` must be given the payload. */
  readonly needsPayload: boolean;
  matches(letter: LetterHead, payload: unknown): boolean;
}

const FILTER = record<DeadLetterFilter>('an object; {} means every letter');
const ERROR_TEXT = kindThat<string>('a string', (value) => typeof value === 'string');
const NAMES = kind<readonly string[]>('a name or a list of names', (value) => {
  const list: unknown = typeof value === 'string' ? [value] : value;
  const isList = Array.isArray(list) && list.every((name) => typeof name === 'string');
  return isList ? [...new Set(list)] : new Refusal();
});
const INSTANT = moment();
const GROUP = kindThat<string>('the `key` of a group of dead letters', isGroupKey);
const CONDITION = kind<PayloadField>('a condition such as "user.id = 42"', (value) => {
  return (typeof value === 'string' && value.length <= 1_000 ? payloadField(value) : null) ?? new Refusal();
});

/**
 * Checks a filter and prepares it.
 * @param known the registered queues
 * @param seen what of payloads may be looked at
 * @throws InvalidJobOptionsError listing what is wrong
 */
export function readyFilter(
  filter: DeadLetterFilter,
  known: ManagedQueues,
  seen: SeenPayload = asStored,
): ReadyFilter {
  const issues = new Issues();
  const isObject = issues.check('filter', filter, FILTER);
  const given: DeadLetterFilter = isObject ? filter : {};
  const read = <T>(path: keyof DeadLetterFilter, as: Kind<T, unknown>): T | undefined =>
    given[path] === undefined ? undefined : issues.read(path, given[path], as);
  const from = read('from', INSTANT) ?? Number.NEGATIVE_INFINITY;
  const to = read('to', INSTANT) ?? Number.POSITIVE_INFINITY;
  issues.unless(from <= to, 'from', 'is later than `to`');
  const field = read('payload', CONDITION);
  const queues = queuesOf(read('queue', NAMES), known, field !== undefined, issues);
  const jobNames = read('job', NAMES);
  const group = read('group', GROUP);
  issues.checkGiven('error', given.error, ERROR_TEXT);
  issues.throwIfAny(InvalidJobOptionsError, 'The dead letter filter is wrong:');
  const tests = testsOf(given, jobNames, group, field, seen);
  return {
    ...{ queues, from, to, isSelective: tests.length > 0, needsPayload: field !== undefined },
    matches: (letter, payload) => tests.every((test) => test(letter, payload)),
  };
}

function queuesOf(
  asked: readonly string[] | undefined,
  known: ManagedQueues,
  looksInside: boolean,
  issues: Issues,
): readonly string[] {
  const names = known.names();
  const registered = knownName('a registered queue', names);
  const isSealed = (name: string): boolean => known.get(name).definition.seal?.isOn === true;
  if (asked === undefined) return looksInside ? names.filter((name) => !isSealed(name)) : names;
  for (const name of asked) {
    if (!issues.check('queue', name, registered)) continue;
    const message = `cannot look into the payloads of "${name}": they are sealed`;
    issues.unless(!looksInside || !isSealed(name), 'payload', message);
  }
  return asked;
}

function testsOf(
  { error, cancelled }: DeadLetterFilter,
  jobNames: readonly string[] | undefined,
  group: string | undefined,
  field: PayloadField | undefined,
  seen: SeenPayload,
): ReadyFilter['matches'][] {
  const tests: ReadyFilter['matches'][] = [];
  if (jobNames !== undefined) {
    const jobs = new Set(jobNames);
    tests.push((letter) => jobs.has(letter.job));
  }
  if (cancelled !== undefined) tests.push((letter) => cancelled === (letter.cancelled !== null));
  const text = error?.toLowerCase() ?? '';
  if (text !== '') tests.push((letter) => `${letter.error}: ${letter.reason}`.toLowerCase().includes(text));
  if (group !== undefined) {
    const keys = new GroupKeys();
    tests.push((letter) => keys.of(letter) === group);
  }
  if (field !== undefined) tests.push((letter, payload) => hasField(seen(letter, payload), field));
  return tests;
}
