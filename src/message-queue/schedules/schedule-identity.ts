import { FIRST_VERSION, versionOf } from '../jobs/queue-definition.js';
import type { SealableQueue } from '../jobs/sealing/payload-seal.js';
import { fingerprintOf } from '../admission/fingerprint.js';
import type { DeclaredSchedule } from './schedule-declaration.js';

/**
 * The job id a declared schedule is added with: it becomes part of its name in Bull's layout, and holds a hash of everything that a
 * run inherits, by which versions before know whether it is out of date.
 */
export function scheduleId(schedule: DeclaredSchedule, definition: SealableQueue): string {
  const { key, job, payload, repeat } = schedule;
  const { attempts, backoff } = definition;
  const version = versionOf(definition, job);
  // A sealed payload is compared by its digest, which is keyed; this name is stored in plain text.
  const payloadHash = definition.seal?.isOn === true ? undefined : fingerprintOf(payload);
  const inherited = { job, payloadHash, repeat, attempts, backoff };
  const ofVersion = version === FIRST_VERSION ? inherited : { ...inherited, version };
  const hash = fingerprintOf(ofVersion).slice(0, 16);
  return `mq-schedule.${key}.${hash}`;
}

/** The job id of a schedule that a host made under a key of its own. */
export function keyedId(key: string): string {
  return `mq-host.${key}`;
}
