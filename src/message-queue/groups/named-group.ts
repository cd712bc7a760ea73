import type { GroupId } from '../broker/groups-of-queue.js';
import type { FlowPolicy } from '../jobs/flow/flow-policy.js';
import { GROUP_ID } from '../jobs/flow/group-id.js';
import type { Gate } from '../jobs/flow/group-name.js';
import type { Issues } from '../../kernel/values/issues.js';
import { isRecord, oneOf } from '../../kernel/values/kinds.js';
import { plainText } from '../../kernel/values/plain-text.js';

/**
 * Which group is meant: that of a key, that of a tenant, that of a job which is handled in batches (and of their key, where they have one), or
 * one as `list` gives it.
 */
export type NamedGroup<Job extends string = string> =
  | { readonly key: string }
  | { readonly tenant: string }
  | { readonly job: Job; readonly key?: string }
  | GroupId;

const GATE = oneOf('key', 'tenant', 'batch');
const FORM = 'must be one of { key }, { tenant } and { job, key? }, or a group as list() gives it';

/** The group that a caller names. @returns undefined when that is wrong: `issues` says how */
export function namedGroup(
  flow: FlowPolicy | undefined,
  named: unknown,
  issues: Issues,
): GroupId | undefined {
  const group = readGroup(flow, named, issues);
  if (group === undefined || group.gate === 'batch') return group;
  const isThere = flow?.[group.gate] !== undefined;
  issues.unless(
    isThere,
    group.gate,
    `has no groups in this queue; declare flow.${group.gate} in defineQueue, or in forRoot({ queues })`,
  );
  return issues.check(group.gate, group.id, GROUP_ID) ? group : undefined;
}

function readGroup(flow: FlowPolicy | undefined, named: unknown, issues: Issues): GroupId | undefined {
  const { gate, id, job, key, tenant } = isRecord(named) ? named : {};
  if (gate !== undefined) return listedGroup(flow, { gate, id }, issues);
  if (job !== undefined) return batchGroup(flow, job, key, issues);
  const given = { key, tenant };
  const gates = (['key', 'tenant'] as const).filter((one) => given[one] !== undefined);
  const [only] = gates;
  issues.unless(gates.length === 1, 'group', FORM);
  return only === undefined ? undefined : { gate: only, id: given[only] as string };
}

function listedGroup(
  flow: FlowPolicy | undefined,
  { gate, id }: { readonly gate: unknown; readonly id: unknown },
  issues: Issues,
): GroupId | undefined {
  if (!issues.check('gate', gate, GATE)) return undefined;
  if (gate !== 'batch') return { gate: gate satisfies Gate, id: id as string };
  const name = String(id);
  const job = batchedJobs(flow).find((one) => name === one || name.startsWith(`${one}:`));
  if (job === undefined) return batchGroup(flow, name, undefined, issues);
  return batchGroup(flow, job, name === job ? undefined : name.slice(job.length + 1), issues);
}

function batchGroup(
  flow: FlowPolicy | undefined,
  job: unknown,
  key: unknown,
  issues: Issues,
): GroupId | undefined {
  const name = plainText(job);
  const isBatched = batchedJobs(flow).includes(name);
  const declare = `is not handled in batches; declare flow.jobs[${JSON.stringify(name)}].batch in defineQueue`;
  issues.unless(isBatched, 'job', declare);
  if (!issues.checkGiven('key', key, GROUP_ID)) return undefined;
  return { gate: 'batch', id: key === undefined ? name : `${name}:${key}` };
}

/** The gates that a queue has. */
export function gatesIn(flow: FlowPolicy | undefined): Gate[] {
  const has: Readonly<Record<Gate, boolean>> = {
    key: flow?.key !== undefined,
    tenant: flow?.tenant !== undefined,
    batch: batchedJobs(flow).length > 0,
  };
  return (['key', 'tenant', 'batch'] as const).filter((gate) => has[gate]);
}

function batchedJobs(flow: FlowPolicy | undefined): string[] {
  const jobs = Object.entries(flow?.jobs ?? {}) as [string, { readonly batch?: unknown }][];
  return jobs.filter(([, { batch }]) => batch !== undefined).map(([name]) => name);
}
