import { Issues } from '../../kernel/values/issues.js';
import { isRecord, knownName, record } from '../../kernel/values/kinds.js';
import { mustBe, shown } from '../../kernel/values/words.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { checkRepeat } from '../admission/repeat-rules.js';
import { SCHEDULE_KEY } from './schedule-declaration.js';
import type { DeclaredSchedule, ScheduleRepeat } from './schedule-declaration.js';

const OPTIONS = ['job', 'payload', 'repeat', 'key'];
const REPEAT_OPTIONS = ['cron', 'tz', 'every', 'startDate', 'endDate'];
const DECLARATION = record('a schedule(job, payload, when)');
const PAYLOAD = record('the data of the job');

/** The schedules that were declared with a queue. */
export interface GivenSchedules {
  readonly queue: string;
  /** A list of what `schedule()` makes. */
  readonly schedules: unknown;
}

/**
 * The host's schedules and the default ones it does not replace. Of a schedule whose `endDate` has passed by
 * this machine's clock the times are not checked; when it ends, the broker's clock decides. Payloads are checked later, against their DTOs.
 * @param given of each registration of a queue
 * @param definitions of all queues
 * @param now milliseconds since the epoch
 * @param issues gets every mistake
 */
export function resolveSchedules(
  given: readonly GivenSchedules[],
  defaults: readonly DeclaredSchedule[],
  definitions: readonly QueueDefinition[],
  now: number,
  issues: Issues,
): readonly DeclaredSchedule[] {
  const found = new Map<string, DeclaredSchedule>();
  for (const { queue, schedules } of given) {
    const path = `${queue}.schedules`;
    const definition = definitions.find(({ name }) => name === queue) as QueueDefinition;
    if (!Array.isArray(schedules)) {
      issues.add(path, mustBe('a list of schedules', shown(schedules)));
      continue;
    }
    for (const [index, entry] of schedules.entries()) {
      const own = new Issues(`${path}.${index}`);
      const schedule = readSchedule(entry, definition, now, own);
      if (schedule !== null) {
        const identity = identityOf(schedule);
        own.unless(
          !found.has(identity),
          'key',
          `is "${schedule.key}", which another schedule of this queue already uses; give each a key of its own (the default is the job's name)`,
        );
        found.set(identity, schedule);
      }
      issues.addAll(own);
    }
  }
  const kept = defaults.filter((schedule) => !found.has(identityOf(schedule)));
  return Object.freeze([...kept, ...found.values()]);
}

function readSchedule(
  given: unknown,
  definition: QueueDefinition,
  now: number,
  issues: Issues,
): DeclaredSchedule | null {
  if (!issues.check('', given, DECLARATION)) return null;
  issues.knownKeys('', given, OPTIONS);
  const { job, payload, repeat, key = job } = given;
  issues.check('job', job, knownName(`a job of queue "${definition.name}"`, Object.keys(definition.jobs)));
  issues.check('payload', payload, PAYLOAD);
  // One that ran out must not keep an app from starting that started well before.
  if (!hasEnded(repeat, now)) {
    checkRepeat(issues, typeof job === 'string' ? job : '', repeat, now, {
      keys: REPEAT_OPTIONS,
      minRepeatMs: definition.minRepeatMs,
    });
  }
  issues.check('key', key, SCHEDULE_KEY);
  if (issues.list.length > 0) return null;
  return { queue: definition.name, job, payload, repeat, key } as DeclaredSchedule;
}

/** Whether the `endDate` of a schedule has passed. @param now milliseconds since the epoch */
export function hasEnded(repeat: unknown, now: number): boolean {
  if (!isRecord(repeat)) return false;
  const { endDate } = repeat as Partial<ScheduleRepeat>;
  return endDate !== undefined && new Date(endDate).getTime() <= now;
}

function identityOf({ queue, key }: DeclaredSchedule): string {
  return `${queue} ${key}`;
}
