import { Issues } from '../../kernel/values/issues.js';
import { isRecord, record, text } from '../../kernel/values/kinds.js';
import { shown } from '../../kernel/values/words.js';
import { checkBullOptions } from './bull-option-rules.js';
import { checkGroups, withGroups } from './flow/group-rules.js';
import { InvalidJobOptionsError } from '../jobs/errors.js';
import { newJobId } from './job-id.js';
import { fingerprintOf } from './fingerprint.js';
import { JsonPayload, SealedPayload } from './payloads/json-payload.js';
import type { ManagedJobOptions, ManagedJobRecord } from '../jobs/managed-job.js';
import { checkRecord } from './option-rules.js';
import { defaultOptionsOf } from './stored-options.js';
import { FIRST_VERSION, versionOf } from '../jobs/queue-definition.js';
import type { PayloadSeal, SealableQueue } from '../jobs/sealing/payload-seal.js';
import type { QueueSettings } from '../jobs/queue-settings.js';
import { MESSAGE_QUEUE_BACKOFF } from '../jobs/retry-policy.js';
import { storedPayload } from './payloads/stored-payload.js';

/** A job that may be stored: its options are complete and safe in Bull. */
export interface AdmittedJob extends JsonPayload {
  readonly options: ManagedJobOptions;
  /** UTF-8 bytes of the payload before it was sealed; undefined when it is not. */
  readonly plainBytes?: number;
}

/** What of a queue's definition an add depends on. */
type AdmittingQueue = QueueSettings & Pick<SealableQueue, 'versions' | 'seal' | 'flow'>;

const JOB_NAME = text(200);
const OPTIONS = record<ManagedJobOptions & Readonly<Record<string, unknown>>>();

/**
 * The gate in front of a queue: refuses what Bull would lose, choke on or silently change, fills in what our rules need, and seals the
 * payload last. Every add passes it, whether from the facade, `@InjectQueue` or the board. It waits for nothing but a key that is not at
 * hand.
 *
 * Filled: see {@link admitOptions}; and the groups that the queue's `flow` tells of a payload that is not written yet. Missing data
 * counts as `{}`, as in Bull.
 * @param data the payload, or the JSON that was written of it
 * @param options Bull's own, with priorities on Bull's scale
 * @param now milliseconds since the epoch
 * @throws InvalidJobOptionsError listing every option; InvalidPayloadError listing every path, or the sizes; KeyUnavailableError,
 * ScopeShreddedError; at once or as a rejection
 */
export function admitJob(
  queueName: string,
  settings: AdmittingQueue,
  name: string,
  data: unknown,
  options: ManagedJobOptions = {},
  now: number = Date.now(),
): AdmittedJob | Promise<AdmittedJob> {
  // Of what is written, its groups were told when it was.
  const isWritten = data instanceof JsonPayload;
  const complete = admitOptions(queueName, settings, name, options, now, !isWritten);
  const sizeLimit = options.sizeLimit ?? settings.maxPayloadBytes;
  const maxBytes = Math.min(sizeLimit, settings.maxPayloadBytes);
  const place = { queue: queueName, job: name };
  const payload = data === undefined ? {} : data;
  const stored = storedPayload(settings, payload, maxBytes, place);
  // Heard below, unless its groups are refused.
  if (stored instanceof Promise) stored.catch(() => undefined);
  const filled = isWritten ? complete : withGroups(complete, settings.flow, payload as object, place);
  if (filled.repeat !== undefined && settings.seal !== undefined) {
    return scheduleOf(stored, filled, data, settings.seal);
  }
  return stored instanceof Promise
    ? stored.then((sealed) => admitted(sealed, filled))
    : admitted(stored, filled);
}

function admitted(payload: JsonPayload, options: ManagedJobOptions): AdmittedJob {
  const { json, bytes } = payload;
  return payload instanceof SealedPayload
    ? { json, bytes, options, plainBytes: payload.plainBytes }
    : { json, bytes, options };
}

/** A schedule that is added again must be known by its payload, which no two seals write alike. */
async function scheduleOf(
  stored: JsonPayload | Promise<JsonPayload>,
  options: ManagedJobOptions,
  data: unknown,
  seal: PayloadSeal,
): Promise<AdmittedJob> {
  const payload = await stored;
  if (!(payload instanceof SealedPayload) || !isRecord(data)) return admitted(payload, options);
  const payloadDigest = await seal.digest(fingerprintOf(data));
  return admitted(payload, { ...options, mq: { ...options.mq, payloadDigest } });
}

/**
 * The options of a job that may be stored.
 *
 * Filled: `jobId` (`m_` and 16 random characters, not for repeat), `attempts` and `backoff` of the queue, `removeOnComplete` (keep
 * `retention.completedCount`), `timestamp`, `stackTraceLimit`, and the version of the payload unless `options.mq` is given: options of
 * a stored job say it themselves. `removeOnFail` is always false: dead letters are kept, whatever the caller asked for.
 * @param isNew whether its groups are still to be checked against the queue's gates
 * @throws InvalidJobOptionsError listing every option
 */
export function admitOptions(
  queueName: string,
  settings: AdmittingQueue,
  name: unknown,
  options: ManagedJobOptions,
  now: number,
  isNew = false,
): ManagedJobOptions {
  const issues = new Issues();
  const jobName = typeof name === 'string' ? name : '';
  issues.check('name', name, JOB_NAME);
  const { minRepeatMs } = settings;
  if (issues.check('options', options, OPTIONS)) {
    checkBullOptions(issues, options, { jobName, now, minRepeatMs });
  }
  const { mq: given, lifo }: ManagedJobOptions = isRecord(options) ? options : {};
  const kept = checkRecord(issues, given === undefined ? newRecord(settings, jobName) : given);
  if (isNew) checkGroups(issues, settings.flow, jobName, { ...kept, lifo }, 'mq.');
  if (issues.list.length > 0) {
    const headline = `Job ${shown(name)} for queue "${queueName}" cannot be added with these options:`;
    issues.throwIfAny(InvalidJobOptionsError, headline, { queue: queueName, job: jobName });
  }
  return fill(settings, options, kept, now);
}

/** The record of a job that is new. */
function newRecord(definition: AdmittingQueue, job: string): ManagedJobRecord | undefined {
  const version = versionOf(definition, job);
  return version === FIRST_VERSION ? undefined : { version };
}

type Draft = { -readonly [Key in keyof ManagedJobOptions]: ManagedJobOptions[Key] };

function fill(
  settings: QueueSettings,
  options: ManagedJobOptions,
  record: ManagedJobRecord,
  now: number,
): ManagedJobOptions {
  const { priority, delay, lifo, debounce, repeat, jobId, attempts } = options;
  const defaults = defaultOptionsOf(settings);
  const filled: Draft = {
    attempts: attempts ?? settings.attempts,
    backoff: options.backoff === undefined ? defaults.backoff : backoffOf(options.backoff),
    removeOnComplete: options.removeOnComplete ?? defaults.removeOnComplete,
    removeOnFail: defaults.removeOnFail,
    timestamp: options.timestamp ?? now,
    stackTraceLimit: options.stackTraceLimit ?? defaults.stackTraceLimit,
  };
  // One by one: undefined must not reach Bull, which takes some options literally. (Spreading is 3 times slower.)
  if (jobId !== undefined) filled.jobId = jobId;
  else if (repeat === undefined) filled.jobId = newJobId();
  if (priority !== undefined) filled.priority = priority;
  if (delay !== undefined) filled.delay = delay;
  if (lifo !== undefined) filled.lifo = lifo;
  if (debounce !== undefined) filled.debounce = { ...debounce };
  if (repeat !== undefined) filled.repeat = { ...repeat };
  if (attempts === undefined) filled.mq = { ...record, defaultAttempts: true };
  else if (Object.keys(record).length > 0) filled.mq = record;
  return filled;
}

function backoffOf(backoff: NonNullable<ManagedJobOptions['backoff']>): ManagedJobOptions['backoff'] {
  if (typeof backoff === 'number') return { type: 'fixed', delay: backoff };
  if (backoff.type !== MESSAGE_QUEUE_BACKOFF || backoff.options !== undefined) return { ...backoff };
  return { ...backoff, options: { type: 'exponential', delayMs: backoff.delay } };
}
