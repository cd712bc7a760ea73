import { Issues } from '../../kernel/values/issues.js';
import { isRecord, knownName, matching, record } from '../../kernel/values/kinds.js';
import { mustBe, shown } from '../../kernel/values/words.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { checkRepeat } from '../admission/repeat-rules.js';
import type { DeclaredSchedule, ScheduleRepeat } from './schedule-declaration.js';

const OPTIONS = ['queue', 'job', 'payload', 'repeat', 'key'];
const REPEAT_OPTIONS = ['cron', 'tz', 'every', 'startDate', 'endDate'];
const KEY = matching('1 to 64 letters, digits, _ or -', /^[A-Za-z0-9_-]{1,64}$/);
const DECLARATION = record('{ queue, job, payload, repeat, key? }');
const PAYLOAD = record('the data of the job');

/**
 * The host's schedules and the default ones it does not replace. A schedule whose `endDate` has passed is left out, as
 * if it were not declared. Payloads are checked later, against their DTOs.
 * @param given the option `schedules`
 * @param now milliseconds since the epoch
 * @param issues gets every mistake
 */
export function resolveSchedules(
  given: unknown,
  defaults: readonly DeclaredSchedule[],
  definitions: readonly QueueDefinition[],
  now: number,
  issues: Issues,
): readonly DeclaredSchedule[] {
  if (given !== undefined && !Array.isArray(given)) {
    issues.add('schedules', mustBe('a list of schedules', shown(given)));
    return defaults;
  }
  const list: readonly unknown[] = given ?? [];
  const places = new Map<string, string>();
  const own: DeclaredSchedule[] = [];
  list.forEach((declaration, index) => {
    const path = `schedules.${index}`;
    const schedule = readSchedule(path, declaration, definitions, now, issues);
    if (schedule === null) return;
    const identity = identityOf(schedule);
    const other = places.get(identity);
    if (other !== undefined) {
      issues.add(
        `${path}.key`,
        `is "${schedule.key}", which ${other} of the same queue has too (the default is the job's name); give each schedule a key of its own`,
      );
    }
    places.set(identity, path);
    if (!hasEnded(schedule.repeat, now)) own.push(schedule);
  });
  const kept = defaults.filter((schedule) => !places.has(identityOf(schedule)));
  return Object.freeze([...kept, ...own]);
}

function readSchedule(
  path: string,
  declaration: unknown,
  definitions: readonly QueueDefinition[],
  now: number,
  issues: Issues,
): DeclaredSchedule | null {
  if (!issues.check(path, declaration, DECLARATION)) return null;
  const found = new Issues(path);
  found.knownKeys('', declaration, OPTIONS);
  const { queue, job, payload, repeat, key = job } = declaration;
  checkTarget(found, queue, job, definitions);
  found.check('payload', payload, PAYLOAD);
  // One that ran out must not keep an app from starting that started well before.
  if (!hasEnded(repeat, now)) {
    checkRepeat(found, typeof job === 'string' ? job : '', repeat, now, REPEAT_OPTIONS);
  }
  found.check('key', key, KEY);
  issues.addAll(found);
  if (found.list.length > 0) return null;
  return { queue, job, payload, repeat, key } as DeclaredSchedule;
}

function checkTarget(
  found: Issues,
  queue: unknown,
  job: unknown,
  definitions: readonly QueueDefinition[],
): void {
  const names = definitions.map(({ name }) => name);
  const definition = definitions.find(({ name }) => name === queue);
  if (definition === undefined) {
    found.check('queue', queue, knownName('a registered queue', names));
    return;
  }
  const jobs = Object.keys(definition.jobs);
  found.check('job', job, knownName(`a job of queue "${definition.name}"`, jobs));
}

function hasEnded(repeat: unknown, now: number): boolean {
  if (!isRecord(repeat)) return false;
  const { endDate } = repeat as Partial<ScheduleRepeat>;
  return endDate !== undefined && new Date(endDate).getTime() <= now;
}

function identityOf({ queue, key }: DeclaredSchedule): string {
  return `${queue} ${key}`;
}
