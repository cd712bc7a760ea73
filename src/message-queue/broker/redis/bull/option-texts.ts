import { filledOptions, optionsOfJob } from '../../../admission/stored-options.js';
import type { OptionFields } from '../../../admission/stored-options.js';
import type { QueueSettings } from '../../../jobs/queue-settings.js';
import { parsedOptions } from './stored-job.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';

/** Texts remembered; when there are more, all are forgotten. */
const MOST_TEXTS = 500;
/** Longer ones are hardly alike: they hold failures, or schedules. */
const LONGEST_TEXT = 1_000;

/** What jobs with the same text share. */
interface KnownText {
  readonly filled: ManagedJobOptions;
  /** Options of the first such job, with a priority and without: those of the next ones have the same shape. */
  readonly first: Map<boolean, ManagedJobOptions>;
}

/** Reads stored options as Bull's job has them, each text once: jobs of one kind have the same. */
export class OptionTexts {
  private readonly known = new Map<string, KnownText>();

  /** @param settings of the queue, which say what the texts leave out */
  constructor(private readonly settings: QueueSettings) {}

  /**
   * @param text as it is stored
   * @param fields of the same job
   * @returns an object of the caller's own; what stands in it is shared, and frozen
   * @throws UnreadableJobError when the text cannot be read
   */
  read(text: string, fields: OptionFields): ManagedJobOptions {
    const known = this.known.get(text);
    if (known === undefined) return this.parse(text, fields);
    const { filled, first } = known;
    if (filled.timestamp !== undefined) return { ...filled };
    const { id, timestamp, priority } = fields;
    const alike = first.get(priority !== 0);
    if (alike === undefined) return remembered(known, fields);
    // Fields that are added to a copy cost V8 a shape of its own for each job.
    const options: Writable = { ...alike };
    options.jobId = id;
    options.timestamp = timestamp;
    if (priority !== 0) options.priority = priority;
    return options;
  }

  private parse(text: string, fields: OptionFields): ManagedJobOptions {
    const stored = parsedOptions(text);
    const filled = normalized({ ...filledOptions(this.settings, stored) });
    // Bull writes into the options of schedules.
    if (text.length > LONGEST_TEXT || filled.repeat !== undefined) return optionsOfJob(filled, fields);
    Object.values(filled).forEach(freezeAll);
    if (this.known.size >= MOST_TEXTS) this.known.clear();
    const known: KnownText = { filled, first: new Map() };
    this.known.set(text, known);
    return remembered(known, fields);
  }
}

type Writable = { -readonly [Name in keyof ManagedJobOptions]: ManagedJobOptions[Name] };

function remembered({ filled, first }: KnownText, fields: OptionFields): ManagedJobOptions {
  first.set(fields.priority !== 0, optionsOfJob(filled, fields));
  return optionsOfJob(filled, fields);
}

/** What Bull's job makes of them. */
function normalized(options: Record<string, unknown>): ManagedJobOptions {
  const { attempts = 1, delay = 0, backoff } = options;
  return {
    ...options,
    attempts: Number.parseInt(String(attempts), 10),
    delay: Number(delay),
    backoff: backoffOf(backoff),
  };
}

function backoffOf(stored: unknown): ManagedJobOptions['backoff'] {
  if (typeof stored === 'number' && Number.isFinite(stored)) return { type: 'fixed', delay: stored };
  return (stored as ManagedJobOptions['backoff']) || undefined;
}

function freezeAll(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  Object.values(value).forEach(freezeAll);
}
