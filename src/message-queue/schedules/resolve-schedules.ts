import { didYouMean } from '../../kernel/values/did-you-mean.js';
import type { Issue } from '../../kernel/errors.js';
import { isOptionObject, OptionIssues, shown } from '../admission/option-rules.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { checkRepeat } from '../admission/repeat-rules.js';
import type { DeclaredSchedule, ScheduleRepeat } from './schedule-declaration.js';

const OPTIONS = ['queue', 'job', 'payload', 'repeat', 'key'];
const REPEAT_OPTIONS = ['cron', 'tz', 'every', 'startDate', 'endDate'];
const KEY = /^[A-Za-z0-9_-]{1,64}$/;

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
  issues: Issue[],
): readonly DeclaredSchedule[] {
  if (given !== undefined && !Array.isArray(given)) {
    issues.push({ path: 'schedules', message: `is ${shown(given)}; must be a list of schedules.` });
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
      issues.push({
        path: `${path}.key`,
        message: `is "${schedule.key}", which ${other} of the same queue has too (the default is the job's name); give each schedule a key of its own.`,
      });
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
  issues: Issue[],
): DeclaredSchedule | null {
  const found = new OptionIssues();
  const inside = (): null => {
    issues.push(...found.list.map((issue) => ({ ...issue, path: `${path}.${issue.path}` })));
    return null;
  };
  if (!isOptionObject(declaration)) {
    issues.push({
      path,
      message: `is ${shown(declaration)}; must be { queue, job, payload, repeat, key? }.`,
    });
    return null;
  }
  found.knownKeys('', declaration, OPTIONS);
  const { queue, job, payload, repeat, key = job } = declaration;
  checkTarget(found, queue, job, definitions);
  if (!isOptionObject(payload)) found.add('payload', `must be the data of the job, not ${shown(payload)}`);
  // One that ran out must not keep an app from starting that started well before.
  if (!hasEnded(repeat, now)) {
    checkRepeat(found, typeof job === 'string' ? job : '', repeat, now, REPEAT_OPTIONS);
  }
  if (typeof key !== 'string' || !KEY.test(key)) {
    found.add('key', `must be 1 to 64 letters, digits, _ or -, not ${shown(key)}`);
  }
  if (found.list.length > 0) return inside();
  return { queue, job, payload, repeat, key } as DeclaredSchedule;
}

function checkTarget(
  found: OptionIssues,
  queue: unknown,
  job: unknown,
  definitions: readonly QueueDefinition[],
): void {
  const names = definitions.map(({ name }) => name);
  const definition = definitions.find(({ name }) => name === queue);
  if (definition === undefined) {
    const hint = typeof queue === 'string' ? didYouMean(queue, names) : '';
    found.add('queue', `must be a registered queue (${names.join(', ')}), not ${shown(queue)}.${hint}`);
    return;
  }
  const jobs = Object.keys(definition.jobs);
  if (typeof job === 'string' && jobs.includes(job)) return;
  const hint = typeof job === 'string' ? didYouMean(job, jobs) : '';
  found.add(
    'job',
    `must be a job of queue "${definition.name}" (${jobs.join(', ')}), not ${shown(job)}.${hint}`,
  );
}

function hasEnded(repeat: unknown, now: number): boolean {
  if (!isOptionObject(repeat)) return false;
  const { endDate } = repeat as Partial<ScheduleRepeat>;
  return endDate !== undefined && new Date(endDate).getTime() <= now;
}

function identityOf({ queue, key }: DeclaredSchedule): string {
  return `${queue} ${key}`;
}
