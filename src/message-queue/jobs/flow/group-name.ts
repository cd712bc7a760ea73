import type { FlowPolicy, JobFlow } from './flow-policy.js';
import type { ManagedJobRecord } from '../managed-job.js';

/** What a group is about: jobs of one key, of one tenant, or those that one run of a handler gets. */
export type Gate = 'key' | 'tenant' | 'batch';

const LETTERS = { key: 'k', tenant: 't', batch: 'b' } as const satisfies Record<Gate, string>;

/** How a group is called where it is stored: `k:c-42`, `t:acme`, `b:digest:u-7`. */
export function groupName(gate: Gate, id: string): string {
  return `${LETTERS[gate]}:${id}`;
}

/** The gate and the id that a stored name is made of. */
export function gateOf(name: string): { readonly gate: Gate; readonly id: string } {
  const gate = (Object.keys(LETTERS) as Gate[]).find((one) => name.startsWith(`${LETTERS[one]}:`)) ?? 'key';
  return { gate, id: name.slice(2) };
}

/** The groups of a job. */
export interface GroupsOfJob {
  /** Stored name of the group of its key, or of its batch, which it goes through first. */
  readonly group?: string;
  /** The tenant's id. */
  readonly tenant?: string;
}

/** What all jobs of a name have in common. */
export function flowOfJob(flow: FlowPolicy | undefined, job: string): JobFlow | undefined {
  const jobs = flow?.jobs as Readonly<Record<string, JobFlow>> | undefined;
  return jobs !== undefined && Object.hasOwn(jobs, job) ? jobs[job] : undefined;
}

/** The groups that a job belongs to by its record; those of gates that its queue does not have are none. */
export function groupsOf(
  flow: FlowPolicy | undefined,
  job: string,
  { key, tenant }: ManagedJobRecord = {},
): GroupsOfJob {
  if (flow === undefined) return {};
  const isBatched = flowOfJob(flow, job)?.batch !== undefined;
  const batch = key === undefined ? job : `${job}:${key}`;
  const ordered = key !== undefined && flow.key !== undefined ? groupName('key', key) : undefined;
  const group = isBatched ? groupName('batch', batch) : ordered;
  return {
    ...(group !== undefined && { group }),
    ...(tenant !== undefined && flow.tenant !== undefined && { tenant }),
  };
}
