import type { Job, Queue } from 'bull';
import { storedPriority } from '../../../admission/stored-options.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';
import type { QueueSettings } from '../../../jobs/queue-settings.js';
import { BullJob } from './bull-internals.js';
import type { BullJobInternals } from './bull-internals.js';
import { OptionTexts } from './option-texts.js';
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
    settings: QueueSettings,
  ) {
    this.options = new OptionTexts(settings);
    this.toKey = (type) => queue.toKey(type);
  }

  /** @throws when the stored job is corrupt */
  read(entry: TakenEntry): Job {
    const timestamp = Number.parseInt(entry.timestamp ?? '', 10);
    const { id } = entry;
    const priority = storedPriority(entry.priority);
    const opts = this.options.read(entry.opts || '{}', { id, timestamp, priority });
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
  this.data = opts.preventParsingData ? entry.data : (JSON.parse(entry.data || '{}') as unknown);
  this._progress = parsed(entry.progress) ?? 0;
  this.delay = entry.delay === null ? 0 : Number.parseInt(entry.delay, 10);
  this.timestamp = timestamp;
  this.stacktrace = tracesOf(entry.stacktrace);
  this.returnvalue = parsed(entry.returnvalue) ?? null;
  this.attemptsMade = entry.attemptsMade === null ? 0 : Number.parseInt(entry.attemptsMade, 10);
  this.toKey = toKey;
  this.debounceId = entry.deid || opts.debounce?.id;
  this.id = entry.id;
  this.failedReason = entry.failedReason ?? undefined;
} as unknown as ReadJobClass;
ReadJob.prototype = BullJob.prototype as StoredJob;

/** Bull's name for jobs without one. */
const DEFAULT_NAME = '__default__';

function tracesOf(stored: string | null): string[] {
  const traces = parsed(stored);
  return Array.isArray(traces) ? (traces as string[]) : [];
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
