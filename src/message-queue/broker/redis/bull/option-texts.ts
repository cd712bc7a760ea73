import { filledOptions, optionsOfJob } from '../../../admission/stored-options.js';
import type { OptionFields } from '../../../admission/stored-options.js';
import type { QueueSettings } from '../../../jobs/queue-settings.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';

/** Texts remembered; when there are more, all are forgotten. */
const MOST_TEXTS = 500;
/** Longer ones are hardly alike: they hold failures, or schedules. */
const LONGEST_TEXT = 1_000;

/** Reads stored options as Bull's job has them, each text once: jobs of one kind have the same. */
export class OptionTexts {
  private readonly known = new Map<string, ManagedJobOptions>();

  /** @param settings of the queue, which say what the texts leave out */
  constructor(private readonly settings: QueueSettings) {}

  /**
   * @param text as it is stored
   * @param fields of the same job
   * @returns an object of the caller's own; what stands in it is shared, and frozen
   * @throws when the text cannot be read
   */
  read(text: string, fields: OptionFields): ManagedJobOptions {
    return optionsOfJob(this.known.get(text) ?? this.parse(text), fields);
  }

  private parse(text: string): ManagedJobOptions {
    const stored = JSON.parse(text) as ManagedJobOptions;
    const options = normalized({ ...filledOptions(this.settings, stored) });
    // Bull writes into the options of schedules.
    if (text.length > LONGEST_TEXT || options.repeat !== undefined) return options;
    Object.values(options).forEach(freezeAll);
    if (this.known.size >= MOST_TEXTS) this.known.clear();
    this.known.set(text, options);
    return options;
  }
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
