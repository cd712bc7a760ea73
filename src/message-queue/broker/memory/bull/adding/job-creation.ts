import type { JobOptions } from 'bull';
import { randomUUID } from 'node:crypto';
import { JOB_ADDED } from '../../../job-added.js';
import { normaliseBackoff } from '../job/job-backoff.js';
import { jsonText } from '../../store/json-text.js';
import { JOB_OVERHEAD_BYTES } from '../../store/memory-budget.js';
import type { QueueEngine } from '../../store/queue-engine.js';
import { StoredJob } from '../../store/stored-job.js';
import type { StoredOptions } from '../../store/stored-job.js';

/** A job to store. */
export interface NewJob {
  readonly name: string;
  /** Payload as JSON text. */
  readonly json: string;
  readonly options: StoredOptions;
}

/** Throws when a queue takes no more jobs. */
export type AssertRoom = (job: NewJob) => void;

/** What became of it; `stored` is null when another job stands for it. */
export interface Creation {
  readonly id: string;
  readonly stored: StoredJob | null;
}

/** The name Bull gives a job that has none. */
export const DEFAULT_JOB_NAME = '__default__';

const DEBOUNCE_SWEEP_EVERY = 1_000;

/** Options with Bull's defaults, as they come back from its storage: a copy that has been through JSON. */
export function storedOptions(options: JobOptions | undefined, now: number): StoredOptions {
  const given: Record<string, unknown> = { attempts: 1, delay: 0, timestamp: now };
  for (const [key, value] of Object.entries(options ?? {})) {
    if (value === undefined || typeof value === 'function') continue;
    // Flat values, which are the rule, need no trip through JSON.
    given[key] = typeof value === 'object' && value !== null ? JSON.parse(JSON.stringify(value)) : value;
  }
  given['attempts'] = Math.trunc(Number(given['attempts']));
  given['delay'] = Number(given['delay']);
  const backoff = normaliseBackoff(options?.backoff);
  if (backoff !== undefined) given['backoff'] = backoff;
  return given as unknown as StoredOptions;
}

/** Payload to JSON text as Bull writes it: what is falsy becomes `{}`. @throws TypeError when JSON cannot hold it */
export function payloadJson(data: unknown): string {
  return jsonText(data || {}) ?? '{}';
}

/** The id of a job in a queue whose limiter has groups ends with the group, as in Bull. */
export function idForGroup(
  engine: QueueEngine,
  options: JobOptions | undefined,
  data: unknown,
): string | undefined {
  const jobId = options?.jobId;
  const groupKey = engine.limiter?.options.groupKey;
  if (groupKey === undefined) return jobId === undefined ? undefined : String(jobId);
  const group = groupKey.split('.').reduce<unknown>((value, key) => propertyOf(value, key), data);
  return `${jobId ?? randomUUID()}:${String(group)}`;
}

/**
 * Stores a job: into delayed when it has a delay, else into waiting. An id or debounce key that is taken wins over it.
 * @param assertRoom throws when the queue itself takes no more; null stores the job although there is no room
 * @throws QueueFullError when the budget is spent, Error when the payload is above its `sizeLimit`
 */
export function createJob(engine: QueueEngine, job: NewJob, assertRoom: AssertRoom | null): Creation {
  const { store, debounce } = engine;
  const { options } = job;
  assertSize(job);
  const counted = store.nextId();
  const wanted = options.jobId === undefined || options.jobId === '' ? null : String(options.jobId);
  const id = wanted ?? counted;
  if (store.jobs.has(id)) {
    if (wanted === null) return createJob(engine, job, assertRoom);
    engine.events.publish('duplicated', id);
    engine.events.publish('global:duplicated', id);
    return { id, stored: null };
  }
  const bytes = job.json.length + JOB_OVERHEAD_BYTES;
  if (assertRoom !== null) {
    assertRoom(job);
    store.budget.assertRoom(bytes, engine.name, job.name);
  }
  const held = debouncedBy(engine, options, counted);
  if (held !== null) {
    engine.events.publish('debounced', held);
    engine.events.publish('global:debounced', held);
    return { id: held, stored: null };
  }
  if (options.debounce) debounce.claim(options.debounce, id, engine.clock.now());
  const delay = options.delay < 0 ? 0 : options.delay;
  const stored = new StoredJob(id, job.name, job.json, options, delay, bytes);
  store.insert(stored);
  // Before the job can start.
  engine.events.emit(JOB_ADDED, id, job.name);
  if (delay) {
    engine.place(stored, options.timestamp + delay, 'lane-end');
  } else {
    engine.place(stored, null, options.lifo && !options.priority ? 'first' : 'lane-end');
    engine.events.publishWaiting(id);
  }
  return { id, stored };
}

function debouncedBy(engine: QueueEngine, { debounce }: StoredOptions, counted: string): string | null {
  if (!debounce) return null;
  const now = engine.clock.now();
  if (Number(counted) % DEBOUNCE_SWEEP_EVERY === 0) engine.debounce.sweep(now);
  return engine.debounce.holder(debounce.id, now);
}

function assertSize({ name, json, options }: NewJob): void {
  const { sizeLimit } = options;
  if (sizeLimit === undefined) return;
  const size = Buffer.byteLength(json);
  if (size > sizeLimit) {
    throw new Error(
      `The size of job ${name} exceeds the limit ${sizeLimit} bytes: its payload has ${size} bytes.`,
    );
  }
}

function propertyOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
