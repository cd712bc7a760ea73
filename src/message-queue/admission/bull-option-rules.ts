import { didYouMean } from '../../kernel/values/did-you-mean.js';
import type { Issues } from '../../kernel/values/issues.js';
import { kindThat, worded } from '../../kernel/values/kind.js';
import type { Kind } from '../../kernel/values/kind.js';
import { flag, isRecord, milliseconds, oneOf, text, wholeNumber } from '../../kernel/values/kinds.js';
import { mustBe, shown } from '../../kernel/values/words.js';
import { isBackoffPolicy, MAX_DELAY_MS, MESSAGE_QUEUE_BACKOFF } from '../jobs/retry-policy.js';
import { JOB_ID } from './job-id.js';
import { ATTEMPTS, DELAY_MS } from './option-rules.js';
import { checkRepeat } from './repeat-rules.js';

/** Least important priority on Bull's own scale (1 is the most important). */
const MAX_BULL_PRIORITY = 2 ** 21;

/** Most stack traces kept per job. */
const MAX_STACK_TRACES = 20;

/** The job that options are for. */
export interface OptionsContext {
  readonly jobName: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Shortest time between two runs of a schedule, milliseconds. */
  readonly minRepeatMs: number;
}

type Rule = (issues: Issues, value: unknown, context: OptionsContext) => void;

/** The kinds of the options that take a single value. */
const KINDS = {
  priority: wholeNumber(1, MAX_BULL_PRIORITY),
  delay: DELAY_MS,
  attempts: ATTEMPTS,
  lifo: flag(),
  jobId: JOB_ID,
  stackTraceLimit: wholeNumber(1, MAX_STACK_TRACES),
  timestamp: milliseconds(1, 8_640_000_000_000_000),
  sizeLimit: wholeNumber(2, Number.MAX_SAFE_INTEGER, 'bytes'),
} as const satisfies Record<string, Kind<unknown>>;

/** One rule per job option. An option without a rule does not exist. */
const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    Object.entries<Kind<unknown>>(KINDS).map(([name, kind]): [string, Rule] => [
      name,
      (issues, value) => issues.check(name, value, kind),
    ]),
  ),
  backoff: checkBackoff,
  timeout: (issues) =>
    issues.add(
      'timeout',
      'is not used, because it leaves the handler running; set mq.timeoutMs here, or timeoutMs on @JobHandler or the queue',
    ),
  removeOnComplete: (issues, value) => checkKeep(issues, 'removeOnComplete', value),
  removeOnFail: (issues, value) => checkKeep(issues, 'removeOnFail', value),
  preventParsingData: (issues, value) =>
    issues.unless(value === false, 'preventParsingData', 'is not supported: handlers get validated payloads'),
  debounce: checkDebounce,
  limiter: (issues) =>
    issues.add('limiter', 'belongs to a queue and loses jobs in Bull; lower the queue’s concurrency instead'),
  repeat: (issues, value, { jobName, now, minRepeatMs }) =>
    checkRepeat(issues, jobName, value, now, { minRepeatMs }),
  mq: () => undefined,
};

const OPTION_NAMES = Object.keys(RULES);

/** Checks every one of Bull's job options and collects all problems; `undefined` counts as not given. */
export function checkBullOptions(
  issues: Issues,
  options: Readonly<Record<string, unknown>>,
  context: OptionsContext,
): void {
  for (const key of Object.keys(options)) {
    const value = options[key];
    const rule = Object.hasOwn(RULES, key) ? RULES[key] : undefined;
    if (rule === undefined) {
      issues.add(key, `is not a job option.${didYouMean(key, OPTION_NAMES)}`);
    } else if (value !== undefined) rule(issues, value, context);
  }
  if (options.repeat !== undefined) checkRunOptions(issues, options);
}

/** What a schedule decides itself would have no effect on its runs. */
function checkRunOptions(issues: Issues, options: Readonly<Record<string, unknown>>): void {
  const { delay, lifo, debounce, timestamp, repeat, jobId } = options;
  const refuse = (path: string, why: string): void =>
    issues.add(path, `cannot be combined with repeat${why}`);
  if (typeof delay === 'number' && delay > 0) {
    refuse('delay', ', which decides when the job runs; use repeat.startDate');
  }
  if (lifo === true) refuse('lifo', ': a run stands in line from when it is due; give it a priority');
  if (debounce !== undefined) refuse('debounce', ': a schedule has one pending run at most');
  if (timestamp !== undefined) refuse('timestamp', ': each run has its own');
  const { jobId: other } = isRecord(repeat) ? repeat : {};
  issues.unless(
    other === undefined || jobId === undefined || other === jobId,
    'repeat.jobId',
    'must be the same as jobId, or left out',
  );
}

const BACKOFF_TYPE = oneOf('fixed', 'exponential', MESSAGE_QUEUE_BACKOFF);
const BACKOFF_NUMBER = worded(`${DELAY_MS.expected}, or { type, delay }`, DELAY_MS);
const BACKOFF_POLICY = kindThat<object>(
  '{ type: "fixed" | "exponential", delayMs, maxDelayMs?, jitter? (0 to 1) }',
  isBackoffPolicy,
);

function checkBackoff(issues: Issues, backoff: unknown): void {
  if (!isRecord(backoff)) {
    issues.check('backoff', backoff, BACKOFF_NUMBER);
    return;
  }
  issues.knownKeys('backoff', backoff, ['type', 'delay', 'options']);
  const { type, delay, options } = backoff;
  issues.check('backoff.type', type, BACKOFF_TYPE);
  if (type === MESSAGE_QUEUE_BACKOFF && options !== undefined) {
    issues.check('backoff.options', options, BACKOFF_POLICY);
    if (delay === undefined) return;
  }
  issues.check('backoff.delay', delay, DELAY_MS);
}

const KEPT_COUNT = wholeNumber(0);
const KEPT_NUMBER = worded(`true, false, { age, count } or ${KEPT_COUNT.expected}`, KEPT_COUNT);
// Age 0 would wipe the history of all other jobs in the set.
const KEPT_AGE = wholeNumber(1, 2 ** 31, 'seconds');

/** true, false, how many to keep, or { age (seconds), count }. */
function checkKeep(issues: Issues, path: string, keep: unknown): void {
  if (typeof keep === 'boolean') return;
  if (!isRecord(keep)) {
    issues.check(path, keep, KEPT_NUMBER);
    return;
  }
  issues.knownKeys(path, keep, ['age', 'count']);
  const { age, count } = keep;
  issues.unless(age !== undefined || count !== undefined, path, 'must have age (seconds) or count');
  issues.checkGiven(`${path}.age`, age, KEPT_AGE);
  issues.checkGiven(`${path}.count`, count, KEPT_COUNT);
}

const DEBOUNCE_ID = text(200);
const DEBOUNCE_TTL = milliseconds(1, MAX_DELAY_MS);

function checkDebounce(issues: Issues, debounce: unknown): void {
  if (!isRecord(debounce)) {
    issues.add('debounce', mustBe('{ id, ttl? }', shown(debounce)));
    return;
  }
  issues.knownKeys('debounce', debounce, ['id', 'ttl']);
  issues.check('debounce.id', debounce.id, DEBOUNCE_ID);
  issues.checkGiven('debounce.ttl', debounce.ttl, DEBOUNCE_TTL);
}
