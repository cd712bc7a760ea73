import type { Job, Queue } from 'bull';
import { storedPriority } from '../../../admission/stored-options.js';
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
    const job = Object.create(BullJob.prototype) as StoredJob;
    job.opts = opts;
    job.name = entry.name || DEFAULT_NAME;
    job.queue = this.queue;
    job.data = opts.preventParsingData ? entry.data : (JSON.parse(entry.data || '{}') as unknown);
    job._progress = parsed(entry.progress) ?? 0;
    job.delay = entry.delay === null ? 0 : Number.parseInt(entry.delay, 10);
    job.timestamp = timestamp;
    job.stacktrace = tracesOf(entry.stacktrace);
    job.returnvalue = parsed(entry.returnvalue) ?? null;
    job.attemptsMade = entry.attemptsMade === null ? 0 : Number.parseInt(entry.attemptsMade, 10);
    job.toKey = this.toKey;
    job.debounceId = entry.deid || opts.debounce?.id;
    job.id = id;
    if (entry.finishedOn !== null) job.finishedOn = Number.parseInt(entry.finishedOn, 10);
    if (entry.processedOn !== null) job.processedOn = Number.parseInt(entry.processedOn, 10);
    if (entry.retriedOn !== null) job.retriedOn = Number.parseInt(entry.retriedOn, 10);
    job.failedReason = entry.failedReason ?? undefined;
    return job;
  }
}

/** Bull's job, with what its types leave out. */
type StoredJob = Omit<Job, 'timestamp'> & BullJobInternals & { timestamp: number; retriedOn?: number };

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
