import type { RateLimit, SharedRate } from './rate.js';

/** Tells the group of a job by its payload; undefined: it has none. Runs where the job is added, and must be synchronous and quick. */
export type GroupOf<Payload, Job extends string = string> = {
  // As a method, so that a definition whose jobs are known is one whose jobs are not.
  of(payload: Payload, job: Job): string | undefined;
}['of'];

/** What jobs with the same key have in common, such as those of one conversation. */
export interface KeyPolicy<Payload = never, Job extends string = string> {
  /** The key of a job that is added without one. Default: it has none. */
  readonly of?: GroupOf<Payload, Job>;
  /** Jobs of one key that run at the same time. Default 1: strict order, which retries, crashes and deploys keep. */
  readonly concurrency?: number;
  /** What a dead letter does to its key. `park` (default, and only where one runs at a time): it stands still. `skip`: the next goes on. */
  readonly onDeadLetter?: 'park' | 'skip';
  /** `join` (default): a job with a delay joins the line when it is due. `hold`: it has its place from its add, and those behind it wait. */
  readonly delays?: 'join' | 'hold';
  /** Refuses jobs without a key. Default false. */
  readonly required?: boolean;
  /** Of each key. Default: none. */
  readonly rate?: RateLimit;
}

/** What jobs of the same tenant have in common: nobody of another waits long for them. */
export interface TenantPolicy<Payload = never, Job extends string = string> {
  /** The tenant of a job that is added without one. Default: it has none. */
  readonly of?: GroupOf<Payload, Job>;
  /** Turns that a tenant has in a round. Default 1. Excludes `concurrency`. */
  readonly weight?: number;
  /** Of tenants that have another. Excludes `concurrency`. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Jobs of one tenant that run at the same time, in place of weights. */
  readonly concurrency?: number;
  /** Jobs of one tenant that may wait before its adds are refused. Default: half of the queue's `maxWaiting`. */
  readonly maxWaiting?: number;
  /** Refuses jobs without a tenant. Default false. */
  readonly required?: boolean;
  /** Of each tenant. Default: none. */
  readonly rate?: RateLimit;
}

/** How jobs are collected for a handler that gets many at once. */
export interface BatchPolicy {
  /** Jobs in one run, 2 to 1 000. */
  readonly size: number;
  /** How long the first one waits for others, milliseconds. */
  readonly waitMs: number;
}

/** What all jobs of one name have in common. */
export interface JobFlow {
  readonly rate?: RateLimit | SharedRate;
  readonly batch?: BatchPolicy;
}

/** Which jobs of a queue may start when: order, fairness, rates, digests. Nothing of it is the default. */
export interface FlowPolicy<Payload = never, Job extends string = string> {
  readonly key?: KeyPolicy<Payload, Job>;
  readonly tenant?: TenantPolicy<Payload, Job>;
  /** Of the whole queue. */
  readonly rate?: RateLimit | SharedRate;
  readonly jobs?: { readonly [Name in Job]?: JobFlow };
}

/** What a host writes of the jobs of one queue, by their names. */
export type GivenJobFlows<Job extends string> = { readonly [Name in Job]?: JobFlow };

/** {@link FlowPolicy} as it is written in a definition. `Jobs` is what stands in `jobs`: it says which of them come in batches. */
export interface GivenFlow<Payload, Job extends string, Jobs> extends Omit<FlowPolicy<Payload, Job>, 'jobs'> {
  readonly jobs?: Jobs & OnlyJobFlows<Jobs, Job>;
}

/** Refuses names of no job, and fields that no {@link JobFlow} has. Of a definition that another is made from, names are not known. */
type OnlyJobFlows<Jobs, Job extends string> = string extends keyof Jobs
  ? unknown
  : {
      readonly [Name in keyof Jobs]: Name extends Job
        ? { readonly [Field in Exclude<keyof Jobs[Name], keyof JobFlow>]: never }
        : never;
    };

/** Flows of jobs that come in batches. */
export type BatchedFlows<Job extends string> = {
  readonly [Name in Job]: { readonly batch: BatchPolicy };
};

/** Names of jobs that come in batches. */
export type BatchedNames<Jobs, Job extends string> = {
  readonly [Name in Job]: Jobs extends BatchedFlows<Name> ? Name : never;
}[Job];

/** Whether a queue has any rate. */
export function isRated(flow: FlowPolicy | undefined): boolean {
  if (flow === undefined) return false;
  const { key, tenant, rate, jobs = {} } = flow;
  const rates = [rate, key?.rate, tenant?.rate, ...Object.values(jobs).map((job) => job?.rate)];
  return rates.some((one) => one !== undefined);
}
