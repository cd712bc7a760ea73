import { didYouMean } from '../../kernel/values/did-you-mean.js';
import { jobIdProblem } from './job-id.js';
import { isOptionObject, MAX_ATTEMPTS, shown, type OptionIssues } from './option-rules.js';
import { checkRepeat } from './repeat-rules.js';
import { isBackoffPolicy, MAX_DELAY_MS, MESSAGE_QUEUE_BACKOFF } from '../jobs/retry-policy.js';

/** Least important priority on Bull's own scale (1 is the most important). */
const MAX_BULL_PRIORITY = 2 ** 21;

/** Most stack traces kept per job. */
const MAX_STACK_TRACES = 20;

type Rule = (issues: OptionIssues, value: unknown, context: { jobName: string; now: number }) => void;

/** One rule per job option. An option without a rule does not exist. */
const RULES: Readonly<Record<string, Rule>> = {
  priority: (issues, value) => issues.wholeNumber('priority', value, 1, MAX_BULL_PRIORITY),
  delay: (issues, value) =>
    issues.wholeNumber('delay', value, 0, MAX_DELAY_MS, 'whole number of milliseconds'),
  attempts: (issues, value) => issues.wholeNumber('attempts', value, 1, MAX_ATTEMPTS),
  backoff: checkBackoff,
  lifo: (issues, value) => issues.flag('lifo', value),
  timeout: (issues) =>
    issues.add(
      'timeout',
      'is not used, because it leaves the handler running; set mq.timeoutMs here, or timeoutMs on @JobHandler or the queue',
    ),
  jobId: (issues, value) => {
    const problem = jobIdProblem(value);
    if (problem !== undefined) issues.add('jobId', problem);
  },
  removeOnComplete: (issues, value) => checkKeep(issues, 'removeOnComplete', value),
  removeOnFail: (issues, value) => checkKeep(issues, 'removeOnFail', value),
  stackTraceLimit: (issues, value) => issues.wholeNumber('stackTraceLimit', value, 1, MAX_STACK_TRACES),
  preventParsingData: (issues, value) => {
    if (value !== false)
      issues.add('preventParsingData', 'is not supported: handlers get validated payloads');
  },
  debounce: checkDebounce,
  timestamp: (issues, value) =>
    issues.wholeNumber('timestamp', value, 1, 8_640_000_000_000_000, 'whole number of milliseconds'),
  sizeLimit: (issues, value) =>
    issues.wholeNumber('sizeLimit', value, 2, Number.MAX_SAFE_INTEGER, 'whole number of bytes'),
  limiter: (issues) =>
    issues.add('limiter', 'belongs to a queue and loses jobs in Bull; lower the queue’s concurrency instead'),
  repeat: (issues, value, { jobName, now }) => checkRepeat(issues, jobName, value, now),
  mq: () => undefined,
};

const OPTION_NAMES = Object.keys(RULES);

/** Checks every one of Bull's job options and collects all problems; `undefined` counts as not given. */
export function checkBullOptions(
  issues: OptionIssues,
  options: Readonly<Record<string, unknown>>,
  context: { jobName: string; now: number },
): void {
  for (const key of Object.keys(options)) {
    const value = options[key];
    const rule = Object.hasOwn(RULES, key) ? RULES[key] : undefined;
    if (rule === undefined) {
      issues.add(key.slice(0, 100), `is not a job option.${didYouMean(key, OPTION_NAMES)}`);
    } else if (value !== undefined) rule(issues, value, context);
  }
}

function checkBackoff(issues: OptionIssues, backoff: unknown): void {
  if (typeof backoff === 'number' || !isOptionObject(backoff)) {
    issues.wholeNumber(
      'backoff',
      backoff,
      0,
      MAX_DELAY_MS,
      'whole number of milliseconds or { type, delay }',
    );
    return;
  }
  issues.knownKeys('backoff', backoff, ['type', 'delay', 'options']);
  const types = ['fixed', 'exponential', MESSAGE_QUEUE_BACKOFF];
  const { type, delay, options } = backoff;
  if (typeof type !== 'string' || !types.includes(type)) {
    const hint = typeof type === 'string' ? didYouMean(type, types) : '';
    issues.add('backoff.type', `must be one of ${types.map(shown).join(', ')}, not ${shown(type)}.${hint}`);
  }
  if (type === MESSAGE_QUEUE_BACKOFF && options !== undefined) {
    if (!isBackoffPolicy(options)) {
      issues.add(
        'backoff.options',
        'must be { type: "fixed" | "exponential", delayMs, maxDelayMs?, jitter? (0 to 1) }',
      );
    }
    if (delay === undefined) return;
  }
  issues.wholeNumber('backoff.delay', delay, 0, MAX_DELAY_MS, 'whole number of milliseconds');
}

/** true, false, how many to keep, or { age (seconds), count }. */
function checkKeep(issues: OptionIssues, path: string, keep: unknown): void {
  if (typeof keep === 'boolean') return;
  if (!isOptionObject(keep)) {
    issues.wholeNumber(
      path,
      keep,
      0,
      Number.MAX_SAFE_INTEGER,
      'true, false, { age, count } or a whole number',
    );
    return;
  }
  issues.knownKeys(path, keep, ['age', 'count']);
  const { age, count } = keep;
  if (age === undefined && count === undefined) issues.add(path, 'must have age (seconds) or count');
  // age 0 would wipe the history of all other jobs in the set.
  if (age !== undefined) issues.wholeNumber(`${path}.age`, age, 1, 2 ** 31, 'whole number of seconds');
  if (count !== undefined) issues.wholeNumber(`${path}.count`, count, 0, Number.MAX_SAFE_INTEGER);
}

function checkDebounce(issues: OptionIssues, debounce: unknown): void {
  if (!isOptionObject(debounce)) {
    issues.add('debounce', `must be { id, ttl? }, not ${shown(debounce)}`);
    return;
  }
  issues.knownKeys('debounce', debounce, ['id', 'ttl']);
  issues.text('debounce.id', debounce.id, 200);
  if (debounce.ttl !== undefined) {
    issues.wholeNumber('debounce.ttl', debounce.ttl, 1, MAX_DELAY_MS, 'whole number of milliseconds');
  }
}
