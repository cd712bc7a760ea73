import type { Issue } from '../../kernel/errors.js';
import type {
  BackoffPolicy,
  QueueDefinition,
  QueueSettings,
  RetentionPolicy,
} from '../jobs/queue-definition.js';
import type { Environment } from './environment.js';
import type { QUEUE_VARIABLE_SUFFIXES } from './queue-variables.js';
import { variablePartOf } from './queue-variables.js';
import { choice, share, wholeNumber } from './setting-type.js';
import type { SettingType } from './setting-type.js';
import { unknownKeys } from './unknown-names.js';

/** What a host may override of a queue's settings; what it leaves out stays as the queue defines it. */
export type QueueOverrides = Partial<Omit<QueueSettings, 'backoff' | 'retention'>> & {
  readonly backoff?: Partial<BackoffPolicy>;
  readonly retention?: Partial<RetentionPolicy>;
};

/** One setting of a queue: where it stands in the definition, what it may be, and its variable's ending. */
export interface QueueSetting {
  readonly type: SettingType<number> | SettingType<'fixed' | 'exponential'>;
  readonly description: string;
  readonly suffix?: (typeof QUEUE_VARIABLE_SUFFIXES)[number];
  readonly optional?: true;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const YEAR_MS = 365 * DAY_MS;

/** Every setting of a queue by its path. */
export const QUEUE_SETTINGS: Readonly<Record<string, QueueSetting>> = {
  concurrency: {
    type: wholeNumber(1, 1_000),
    suffix: 'CONCURRENCY',
    description: 'Handlers at the same time per worker process, over all job names.',
  },
  attempts: {
    type: wholeNumber(1, 1_000),
    suffix: 'ATTEMPTS',
    description: 'Runs of a handler before the job becomes a dead letter.',
  },
  'backoff.type': {
    type: choice('fixed', 'exponential'),
    description: '`fixed`: always the base delay; `exponential`: doubled with each retry.',
  },
  'backoff.delayMs': {
    type: wholeNumber(0, 30 * DAY_MS, 'milliseconds'),
    suffix: 'BACKOFF_MS',
    description: 'Base delay before a retry.',
  },
  'backoff.maxDelayMs': {
    type: wholeNumber(0, YEAR_MS, 'milliseconds'),
    description: 'Longest delay before a retry.',
    optional: true,
  },
  'backoff.jitter': { type: share(), description: 'Random share of the delay.', optional: true },
  timeoutMs: {
    type: wholeNumber(1, DAY_MS, 'milliseconds'),
    suffix: 'TIMEOUT_MS',
    description: "Time one attempt may take before the handler's signal aborts.",
  },
  maxWaiting: {
    type: wholeNumber(1, 1_000_000_000),
    description: 'Jobs that may wait before adds are refused.',
  },
  maxPayloadBytes: {
    type: wholeNumber(2, 64 * 1024 * 1024, 'bytes'),
    description: 'Largest payload as JSON.',
  },
  'retention.completedAgeMs': {
    type: wholeNumber(0, 10 * YEAR_MS, 'milliseconds'),
    description: 'How long completed jobs are kept …',
  },
  'retention.completedCount': {
    type: wholeNumber(0, 10_000_000),
    description: '… and how many of them at most.',
  },
  'retention.failedAgeMs': {
    type: wholeNumber(60_000, 10 * YEAR_MS, 'milliseconds'),
    description: 'How long dead letters are kept.',
  },
};

const PATHS = Object.keys(QUEUE_SETTINGS);
const TOP_LEVEL = [...new Set(PATHS.map((path) => path.split('.')[0] ?? path))];
const DEFINITION_KEYS = ['name', 'description', 'jobs', ...TOP_LEVEL];

/** A queue with the overrides applied, options over environment over definition; what is wrong goes to `issues`. */
export function resolveQueue(
  definition: QueueDefinition,
  overrides: unknown,
  environment: Environment,
  issues: Issue[],
): QueueDefinition {
  const optionPath = `queues.${definition.name}`;
  if (overrides !== undefined && !isRecord(overrides)) {
    issues.push({ path: optionPath, message: `is ${shown(overrides)}; must be an object of settings.` });
  }
  const given = isRecord(overrides) ? overrides : {};
  issues.push(...unknownNestedKeys(given, TOP_LEVEL, optionPath));
  const settings: Record<string, unknown> = {};
  for (const [path, setting] of Object.entries(QUEUE_SETTINGS)) {
    const variable = setting.suffix && `QUEUE_${variablePartOf(definition.name)}_${setting.suffix}`;
    const written = variable && environment.get(variable);
    const option = valueAt(given, path);
    const candidates = [
      { raw: option, name: `${optionPath}.${path}` },
      { raw: written, name: variable ?? path },
      { raw: valueAt(definition, path), name: `${definition.name}.${path}` },
    ];
    const chosen = candidates.find(({ raw }) => raw !== undefined);
    if (chosen === undefined) {
      if (setting.optional !== true) {
        issues.push({
          path: `${definition.name}.${path}`,
          message: `is missing; must be ${setting.type.expected}.`,
        });
      }
      continue;
    }
    const parsed = setting.type.parse(chosen.raw);
    if (parsed.ok) put(settings, path, parsed.value);
    else
      issues.push({
        path: chosen.name,
        message: `is ${shown(chosen.raw)}; must be ${setting.type.expected}.`,
      });
  }
  return Object.freeze({ ...definition, ...(settings as Partial<QueueSettings>) });
}

/** What is wrong with a definition besides its settings: its name, its jobs, keys that do not exist. */
export function definitionIssues(definition: QueueDefinition): Issue[] {
  const name: unknown = definition.name;
  const path = typeof name === 'string' && name !== '' ? name : 'defineQueue';
  const issues = unknownNestedKeys(definition as unknown as Record<string, unknown>, DEFINITION_KEYS, path);
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9_-]{0,63}$/i.test(name)) {
    issues.push({
      path: `${path}.name`,
      message: `is ${shown(name)}; must be 1 to 64 letters, digits, - or _, the first a letter or digit.`,
    });
  }
  if (typeof (definition.description as unknown) !== 'string') {
    issues.push({ path: `${path}.description`, message: 'is missing; must be one sentence for the board.' });
  }
  const jobs: unknown = definition.jobs;
  if (!isRecord(jobs) || Object.keys(jobs).length === 0) {
    issues.push({ path: `${path}.jobs`, message: 'must name at least one job with its DTO class.' });
    return issues;
  }
  for (const [job, dto] of Object.entries(jobs)) {
    if (!/^[a-z0-9][a-z0-9_.-]{0,63}$/i.test(job)) {
      issues.push({
        path: `${path}.jobs.${job}`,
        message: 'must be 1 to 64 letters, digits, - _ or ., the first a letter or digit.',
      });
    }
    if (typeof dto !== 'function') {
      issues.push({ path: `${path}.jobs.${job}`, message: `is ${shown(dto)}; must be a DTO class.` });
    }
  }
  return issues;
}

/** A value as a message may show it, on one line and short. */
export function shown(value: unknown): string {
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : typeof value === 'object' && value !== null
        ? json(value)
        : String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function json(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'an object that is not JSON';
  }
}

function unknownNestedKeys(value: Record<string, unknown>, known: readonly string[], path: string): Issue[] {
  const issues = unknownKeys(value, known, path);
  for (const group of ['backoff', 'retention']) {
    const nested = value[group];
    if (nested === undefined) continue;
    const keys = PATHS.filter((key) => key.startsWith(`${group}.`)).map((key) => key.slice(group.length + 1));
    if (isRecord(nested)) issues.push(...unknownKeys(nested, keys, `${path}.${group}`));
    else
      issues.push({
        path: `${path}.${group}`,
        message: `is ${shown(nested)}; must be an object of ${keys.join(', ')}.`,
      });
  }
  return issues;
}

/** Whether a value is an object of settings. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a dotted path; undefined where there is none. */
export function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((found, key) => (isRecord(found) ? found[key] : undefined), value);
}

function put(target: Record<string, unknown>, path: string, value: unknown): void {
  const [group = path, key] = path.split('.');
  if (key === undefined) target[group] = value;
  else target[group] = Object.freeze({ ...(isRecord(target[group]) ? target[group] : {}), [key]: value });
}
