import { FIRST_VERSION, versionOf } from '../jobs/queue-definition.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { fingerprintOf } from '../admission/fingerprint.js';
import type { DeclaredSchedule } from './schedule-declaration.js';

/**
 * The job id a declared schedule is added with: it becomes part of its name in Bull's layout, and holds a hash of everything that a
 * run inherits, by which versions before know whether it is out of date.
 */
export function scheduleId(schedule: DeclaredSchedule, definition: QueueDefinition): string {
  const { key, job, payload, repeat } = schedule;
  const { attempts, backoff } = definition;
  const version = versionOf(definition, job);
  const payloadHash = fingerprintOf(payload);
  const inherited = { job, payloadHash, repeat, attempts, backoff };
  const ofVersion = version === FIRST_VERSION ? inherited : { ...inherited, version };
  const hash = fingerprintOf(ofVersion).slice(0, 16);
  return `mq-schedule.${key}.${hash}`;
}

/** The job id of a schedule that a host made under a key of its own. */
export function keyedId(key: string): string {
  return `mq-host.${key}`;
}
