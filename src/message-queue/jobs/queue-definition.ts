import type { Type } from '@nestjs/common';
import { QUEUE_DEFAULTS } from './queue-settings.js';
import type { BatchedFlows, BatchedNames, FlowPolicy, GivenFlow, GivenJobFlows } from './flow/flow-policy.js';
import type { DefinedSettings, QueueSettings } from './queue-settings.js';

/** Job name → the DTO class its payload is validated against. */
export type JobMap = Record<string, Type<object>>;

/** The version of a payload that says nothing else: of every job whose definition names only a DTO class. */
export const FIRST_VERSION = 1;

/**
 * Turns an older payload into one of the definition's version; it is validated afterwards. Called once per run, in the
 * worker, whatever the number of versions in between. Must be synchronous and quick, and should not change what it is given.
 * @param version the payload's, smaller than the definition's
 * @param payload as it is stored, JSON and not validated
 */
export type Upcast = (version: number, payload: Readonly<Record<string, unknown>>) => object;

/** The version of a job's payload. */
export interface PayloadVersion {
  /**
   * A whole number from 1; raise it with every change of the payload that a release before would misread or refuse. A worker
   * hands back jobs of a newer version than its own, for a worker that has it.
   */
  readonly version: number;
  /** Default: older payloads are taken as they are. */
  readonly upcast?: Upcast;
}

/** A job whose payload has a version: `{ payload: ResizeJobDto, version: 2, upcast: (version, payload) => … }`. */
export interface VersionedJob<Payload extends object = object> extends PayloadVersion {
  /** The DTO class of this version. */
  readonly payload: Type<Payload>;
}

/** What a host writes: job name → the DTO class of its payload, or that with the payload's version. */
export type GivenJobs = Record<string, Type<object> | VersionedJob>;

/** The DTO class of a job as a host wrote it. */
export type DtoOf<Job> = Job extends VersionedJob<infer Payload> ? Type<Payload> : Extract<Job, Type<object>>;

/** Names of the jobs as a host wrote them. */
type GivenName<Given extends GivenJobs> = Extract<keyof Given, string>;

/** Payload of any of the jobs as a host wrote them. */
type GivenPayload<Given extends GivenJobs> = {
  readonly [Job in keyof Given]: DtoOf<Given[Job]> extends Type<infer Payload> ? Payload : never;
}[keyof Given];

/** A queue: its name, its jobs and its defaults. `Batched`: names of the jobs that come in batches. Build one with {@link defineQueue}. */
export interface QueueDefinition<
  Name extends string = string,
  Jobs extends JobMap = JobMap,
  Batched extends string = never,
> extends QueueSettings {
  readonly name: Name;
  /** One sentence, shown on the board. */
  readonly description: string;
  readonly jobs: Jobs;
  /** Versions of the payloads that have one, by job name; {@link defineQueue} takes them out of `jobs`. */
  readonly versions?: Readonly<Record<string, PayloadVersion>>;
  /**
   * Ports of the library that the queue's processor uses. While nobody has plugged one of them in, memory serves it: in production
   * the app then refuses to work on the queue, elsewhere the queue's health is `degraded`. Default: none.
   */
  readonly ports?: readonly PortClass[];
  /**
   * Whether what the queue's jobs carry is content: then payloads, results, progress and the texts of failures are sealed where they
   * are stored, and whatever else is told of a failure quotes none of the payload. Default: false; the built-in six are sealed.
   */
  readonly sealed?: boolean;
  /** Which of its jobs may start when. Default: each as soon as a handler is free. */
  readonly flow?: FlowPolicy & { readonly jobs?: BatchedFlows<Batched> };
}

/** The version in which this definition adds a job, and the newest that it can run. */
export function versionOf(
  { versions }: { readonly versions?: Readonly<Record<string, PayloadVersion>> },
  job: string,
): number {
  if (versions === undefined || !Object.hasOwn(versions, job)) return FIRST_VERSION;
  return versions[job]?.version ?? FIRST_VERSION;
}

/** A port: the abstract class that is its type and its injection token. */
export type PortClass = abstract new (...args: never[]) => object;

/** Job names of a definition. */
export type JobNameOf<D extends QueueDefinition> = Extract<keyof D['jobs'], string>;

/** Payload of one job of a definition: the instance type of its DTO class. */
export type PayloadOf<D extends QueueDefinition, N extends JobNameOf<D>> =
  D['jobs'][N] extends Type<infer Payload> ? Payload : never;

/** Whether a handler of this job gets many payloads at once. */
export type IsBatched<D extends QueueDefinition, N extends JobNameOf<D>> = D extends {
  readonly flow?: { readonly jobs?: BatchedFlows<N> };
}
  ? true
  : false;

/** Whether jobs of this name are collected, so that a run of their handler gets many. */
export function isBatched({ flow }: Pick<QueueDefinition, 'flow'>, job: string): boolean {
  const jobs: FlowPolicy['jobs'] = flow?.jobs;
  return jobs !== undefined && Object.hasOwn(jobs, job) && jobs[job]?.batch !== undefined;
}

/** What {@link defineQueue} takes: everything but the settings that have library-wide defaults. */
export type QueueDefinitionInput<
  Name extends string,
  Given extends GivenJobs,
  Flows = GivenJobFlows<GivenName<Given>>,
> = DefinedSettings &
  Pick<QueueDefinition<Name>, 'name' | 'description' | 'ports' | 'sealed'> & {
    readonly jobs: Given;
    /** Which of its jobs may start when. Default: each as soon as a handler is free. */
    readonly flow?: GivenFlow<GivenPayload<Given>, GivenName<Given>, Flows>;
  };

/**
 * Describes a queue, the built-in six and a host's own alike. Types `enqueue(definition, jobName, payload)` and the methods that
 * `@JobHandler(definition, jobName)` may stand on. Settings are checked when the queue is registered.
 */
export function defineQueue<
  const Name extends string,
  const Given extends GivenJobs,
  const Flows extends GivenJobFlows<GivenName<Given>> = GivenJobFlows<GivenName<Given>>,
>(
  input: QueueDefinitionInput<Name, Given, Flows>,
): QueueDefinition<
  Name,
  { readonly [Job in keyof Given]: DtoOf<Given[Job]> },
  BatchedNames<Flows, GivenName<Given>>
> {
  const { versions, flow, ...rest } = input as typeof input & Pick<QueueDefinition, 'versions'>;
  type Flow = QueueDefinition<Name, JobMap, BatchedNames<Flows, GivenName<Given>>>['flow'];
  return Object.freeze({
    ...QUEUE_DEFAULTS,
    ...rest,
    ...(flow !== undefined && { flow: flow as Flow }),
    ...splitJobs(input.jobs, versions),
    retention: { ...QUEUE_DEFAULTS.retention, ...input.retention },
  });
}

/**
 * The DTO classes, and the versions where there are any. What is wrong with them is said when the queue is registered.
 * @param before versions of the definition that this one is made from
 */
function splitJobs<Given extends GivenJobs>(
  given: Given,
  before: QueueDefinition['versions'] = {},
): {
  readonly jobs: { readonly [Job in keyof Given]: DtoOf<Given[Job]> };
  readonly versions?: Readonly<Record<string, PayloadVersion>>;
} {
  const jobs: Record<string, unknown> = {};
  const versions: Record<string, PayloadVersion> = {};
  for (const [name, job] of Object.entries((given as GivenJobs | undefined) ?? {})) {
    const { payload, ...version } = isVersioned(job) ? job : { payload: job };
    jobs[name] = payload;
    if (Object.hasOwn(before, name)) versions[name] = before[name] as PayloadVersion;
    if (isVersioned(job)) versions[name] = Object.freeze(version as PayloadVersion);
  }
  const types = Object.freeze(jobs) as { readonly [Job in keyof Given]: DtoOf<Given[Job]> };
  return Object.keys(versions).length === 0 ? { jobs: types } : { jobs: types, versions };
}

function isVersioned(job: Type<object> | VersionedJob): job is VersionedJob {
  return typeof job === 'object' && (job as VersionedJob | null) !== null;
}
