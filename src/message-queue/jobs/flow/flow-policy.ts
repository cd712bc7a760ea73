import type { RateLimit, SharedRate } from './rate.js';

/** Tells the group of a job by its payload; undefined: it has none. Runs where the job is added, and must be synchronous and quick. */
export type GroupOf<Payload, Job extends string = string> = (
  payload: Payload,
  job: Job,
) => string | undefined;

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
