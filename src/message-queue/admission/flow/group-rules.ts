import { Issues } from '../../../kernel/values/issues.js';
import { problemWith } from '../../../kernel/values/kind.js';
import { isRecord } from '../../../kernel/values/kinds.js';
import { kindOf } from '../../../kernel/values/words.js';
import { InvalidJobOptionsError } from '../../jobs/errors.js';
import type { FlowPolicy, GroupOf } from '../../jobs/flow/flow-policy.js';
import { GROUP_ID } from '../../jobs/flow/group-id.js';
import { flowOfJob, groupsOf } from '../../jobs/flow/group-name.js';
import type { ManagedJobOptions, ManagedJobRecord } from '../../jobs/managed-job.js';

/** Which gates of a queue a job names itself. */
type GivenGroups = Pick<ManagedJobRecord, 'key' | 'tenant'>;

/** What a call says that adds a job. */
export interface GroupedAdd extends GivenGroups {
  /** Bull's option. */
  readonly lifo?: unknown;
}

/** The job that is added. */
interface Place {
  readonly queue: string;
  readonly job: string;
}

const GATES = ['key', 'tenant'] as const;

/**
 * Checks what a call says of a job's groups against the gates of its queue; what `of` says of them is not known yet.
 * @param inside path of the record that names them, ending with a dot; empty for the facade's options
 */
export function checkGroups(
  issues: Issues,
  flow: FlowPolicy | undefined,
  job: string,
  given: GroupedAdd,
  inside = '',
): void {
  if (flow === undefined && given.key === undefined && given.tenant === undefined) return;
  for (const gate of GATES) {
    const policy = flow?.[gate];
    const isOpen = policy !== undefined || (gate === 'key' && flowOfJob(flow, job)?.batch !== undefined);
    const path = `${inside}${gate}`;
    if (given[gate] !== undefined && !isOpen) issues.add(path, withoutGate(gate));
    if (given[gate] === undefined && policy?.required === true && policy.of === undefined) {
      issues.add(path, missing(gate));
    }
  }
  checkLifo(issues, flow, job, given);
}

/**
 * The options of a job with the groups that its queue's `of` tells of the payload; those that the call names win.
 * @param options that passed {@link checkGroups}
 * @param payload valid, and not sealed
 * @throws InvalidJobOptionsError when `of` throws or returns no id, or a job has no group that it must have
 */
export function withGroups<Options extends ManagedJobOptions>(
  options: Options,
  flow: FlowPolicy | undefined,
  payload: object,
  place: Place,
): Options {
  if (flow?.key?.of === undefined && flow?.tenant?.of === undefined) return options;
  const issues = new Issues();
  const told: { key?: string; tenant?: string; cause?: unknown } = {};
  for (const gate of GATES) {
    const { of, required } = flow[gate] ?? {};
    if (of === undefined || options.mq?.[gate] !== undefined) continue;
    const answer = answerOf(of, payload, place.job);
    if ('error' in answer) {
      told.cause ??= answer.error;
      issues.add(gate, `could not be told from the payload: flow.${gate}.of threw ${kindOf(answer.error)}`);
    } else if (answer.id !== undefined) {
      const problem = problemOf(answer.id);
      if (problem === undefined) told[gate] = answer.id as string;
      else issues.add(gate, `${problem} from flow.${gate}.of`);
    } else if (required === true) issues.add(gate, `${missing(gate)}, or let flow.${gate}.of tell it`);
  }
  const { cause, ...groups } = told;
  checkLifo(issues, flow, place.job, { ...options.mq, ...groups, lifo: options.lifo });
  const headline = `Job "${place.job}" for queue "${place.queue}" cannot be added:`;
  issues.throwIfAny(InvalidJobOptionsError, headline, { ...place, ...(cause !== undefined && { cause }) });
  return Object.keys(groups).length === 0 ? options : { ...options, mq: { ...options.mq, ...groups } };
}

/** Whether no job of this name joins a group, whatever its payload. */
export function isWithoutGroups(flow: FlowPolicy | undefined, job: string): boolean {
  return flow?.key === undefined && flow?.tenant === undefined && flowOfJob(flow, job)?.batch === undefined;
}

function checkLifo(
  issues: Issues,
  flow: FlowPolicy | undefined,
  job: string,
  { lifo, ...given }: GroupedAdd,
): void {
  if (lifo !== true) return;
  const isGrouped = Object.keys(groupsOf(flow, job, given)).length > 0;
  if (!isGrouped && given.key === undefined && given.tenant === undefined) return;
  issues.add('lifo', 'cannot be combined with a group: its jobs keep their order; give the job a priority');
}

type Answer = { readonly id: unknown } | { readonly error: unknown };

function answerOf(of: GroupOf<object>, payload: object, job: string): Answer {
  try {
    const id: unknown = of(payload, job);
    // Nobody waits for what it promises, and a rejection that nobody hears ends the process.
    if (id instanceof Promise) id.catch(() => undefined);
    return { id };
  } catch (error) {
    return { error };
  }
}

function problemOf(id: unknown): string | undefined {
  const isPromise = isRecord(id) && typeof id['then'] === 'function';
  return isPromise ? 'must be told at once, got a promise' : problemWith(id, GROUP_ID);
}

function withoutGate(gate: keyof GivenGroups): string {
  return `is not known in this queue: declare \`flow.${gate}\` in defineQueue, or in forRoot({ queues })`;
}

function missing(gate: keyof GivenGroups): string {
  return `is missing; every job of the queue needs one (flow.${gate}.required): give it in the call`;
}
