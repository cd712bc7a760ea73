import { createHash } from 'node:crypto';
import { FIRST_VERSION, versionOf } from '../jobs/queue-definition.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { fingerprintOf } from '../admission/fingerprint.js';
import type { DeclaredSchedule } from './schedule-declaration.js';

/** Prefix of the job ids of declared schedules in Bull's repeat keys; no others start with it. */
const PREFIX = 'mq-schedule.';

/** What Bull's `repeat` set says about one schedule. */
export interface RepeatEntry {
  readonly key: string;
  readonly name: string;
  /** The `jobId` the schedule was added with. */
  readonly id: string;
  /** When its pending run is due, milliseconds since the epoch. */
  readonly next: number;
}

/**
 * The job id a schedule is added with: it becomes part of Bull's repeat key, and holds a hash of everything that a run
 * inherits. A change of any of it therefore makes another entry, and the entries alone say what is out of date.
 */
export function scheduleId(schedule: DeclaredSchedule, definition: QueueDefinition): string {
  const { key, job, payload, repeat } = schedule;
  const { attempts, backoff } = definition;
  const version = versionOf(definition, job);
  const payloadHash = fingerprintOf(payload);
  const inherited = { job, payloadHash, repeat, attempts, backoff };
  const ofVersion = version === FIRST_VERSION ? inherited : { ...inherited, version };
  const hash = fingerprintOf(ofVersion).slice(0, 16);
  return `${PREFIX}${key}.${hash}`;
}

/** The key of the declaration that an entry stands for, or null when it is not one of ours. */
export function declaredKeyOf(id: string | null): string | null {
  if (id === null || !id.startsWith(PREFIX)) return null;
  return id.slice(PREFIX.length, id.lastIndexOf('.'));
}

/** The id Bull gives to the run of an entry that is due at `entry.next`. */
export function pendingJobId({ key, name, id, next }: RepeatEntry): string {
  return `repeat:${md5(`${name}${id}:${md5(key)}`)}:${next}`;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
