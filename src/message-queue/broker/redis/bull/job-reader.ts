import type { Job, Queue } from 'bull';
import { fullOptions, storedPriority } from '../../../admission/stored-options.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';
import type { QueueDefinition } from '../../../jobs/queue-definition.js';
import type { BullJobInternals } from './bull-internals.js';
import { OptionTexts } from './option-texts.js';
import { QueueJob } from './queue-job.js';
import {
  checkName,
  isDeep,
  parsedJson,
  readableJson,
  readOptions,
  timestampField,
  wholeField,
} from './stored-job.js';
import type { TakenEntry } from './taken-entry.js';

/**
 * Makes Bull's jobs of what Redis stores: the same fields and methods as those of Bull's own reader, which throws and
 * catches an error for every job that has no stack traces, and does not know what a queue's definition says of a job.
 */
export class JobReader {
  private readonly options: OptionTexts;
  private readonly toKey: (type: string) => string;

  constructor(
    private readonly queue: Queue<object>,
    private readonly settings: QueueDefinition,
  ) {
    this.options = new OptionTexts(settings);
    this.toKey = (type) => queue.toKey(type);
  }

  /** A job to be run. @throws UnreadableJobError when it is stored in a form that nobody can run */
  read(entry: TakenEntry): Job {
    const { id, name } = entry;
    if (name !== null && !Object.hasOwn(this.settings.jobs, name)) checkName(name);
    const timestamp = timestampField(entry.timestamp);
    const priority = storedPriority(entry.priority);
    const opts = this.options.read(entry.opts || '{}', { id, timestamp, priority });
    return this.make(entry, opts, timestamp);
  }

  /** A job to be looked at: what nobody can read of it is left out, and `data` is null. Never throws. */
  show(entry: TakenEntry): Job {
    try {
      const job = this.read(entry);
      if (isDeep(job.data)) job.data = null;
      return job;
    } catch {
      const timestamp = Math.max(0, Number.parseInt(entry.timestamp ?? '', 10) || 0);
      const { id } = entry;
      const fields = { id, timestamp, priority: storedPriority(entry.priority) };
      const opts = fullOptions(this.settings, readOptions(entry.opts), fields);
      const attemptsMade = String(Math.max(0, Number.parseInt(entry.attemptsMade ?? '', 10) || 0));
      const data = JSON.stringify(readableJson(entry.data));
      return this.make({ ...entry, data, attemptsMade }, opts, timestamp);
    }
  }

  private make(entry: TakenEntry, opts: ManagedJobOptions, timestamp: number): Job {
    const job = new ReadJob(this.queue, this.toKey, entry, opts, timestamp);
    if (entry.finishedOn !== null) job.finishedOn = Number.parseInt(entry.finishedOn, 10);
    if (entry.processedOn !== null) job.processedOn = Number.parseInt(entry.processedOn, 10);
    if (entry.retriedOn !== null) job.retriedOn = Number.parseInt(entry.retriedOn, 10);
    return job;
  }
}

/** Bull's job, with what its types leave out. */
type StoredJob = Omit<Job, 'timestamp'> & BullJobInternals & { timestamp: number; retriedOn?: number };

interface ReadJobClass {
  new (
    queue: Queue<object>,
    toKey: (type: string) => string,
    entry: TakenEntry,
    opts: ManagedJobOptions,
    timestamp: number,
  ): StoredJob;
  prototype: StoredJob;
}

/**
 * Makes a job of Bull without Bull's constructor. All that every job has is set here: V8 then makes room for it at once, and not
 * bit by bit.
 */
const ReadJob = function (
  this: StoredJob,
  queue: Queue<object>,
  toKey: (type: string) => string,
  entry: TakenEntry,
  opts: ManagedJobOptions,
  timestamp: number,
) {
  this.opts = opts;
  this.name = entry.name || DEFAULT_NAME;
  this.queue = queue;
  this.data = opts.preventParsingData ? entry.data : parsedJson(entry.data || '{}', 'payload');
  this._progress = parsed(entry.progress) ?? 0;
  this.delay = entry.delay === null ? 0 : Number.parseInt(entry.delay, 10);
  this.timestamp = timestamp;
  this.stacktrace = tracesOf(entry.stacktrace);
  this.returnvalue = parsed(entry.returnvalue) ?? null;
  this.attemptsMade = wholeField(entry.attemptsMade, 'attemptsMade', MOST_ATTEMPTS_MADE, 0);
  this.toKey = toKey;
  this.debounceId = entry.deid || opts.debounce?.id;
  this.id = entry.id;
  this.failedReason = entry.failedReason ?? undefined;
} as unknown as ReadJobClass;
ReadJob.prototype = QueueJob.prototype as StoredJob;

const MOST_ATTEMPTS_MADE = 1_000_000_000;

/** Bull's name for jobs without one. */
const DEFAULT_NAME = '__default__';

function tracesOf(stored: string | null): string[] {
  const traces = parsed(stored);
  return Array.isArray(traces) ? traces.filter((trace) => typeof trace === 'string') : [];
}

/** What a text says; undefined when there is none, or nobody can read it. */
function parsed(text: string | null): unknown {
  if (text === null || text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
