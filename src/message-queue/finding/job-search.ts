import { Injectable } from '@nestjs/common';
import type { Job } from 'bull';
import { ManagedQueues } from '../broker/managed-queues.js';
import type { QueueSnapshot } from '../broker/broker.js';
import { readyJobQuery } from './job-query.js';
import type { JobQuery, ReadyJobQuery } from './job-query.js';
import { foundJob } from './found-job.js';
import type { FoundJob } from './found-job.js';
import { jobState } from './job-state.js';
import { encodePositions } from './job-cursor.js';
import { JobStream } from './job-stream.js';
import type { ListedState } from './job-stream.js';
import type { SeenPayload } from './payload-field.js';

/** Some jobs, the newest first over all queues and states that were asked for. */
export interface FoundJobs {
  readonly jobs: readonly FoundJob[];
  /** Jobs that were looked at. */
  readonly looked: number;
  /** Jobs that there are in these queues and states. */
  readonly of: number;
  /** Pass it with the same query to go on; null when there is nothing more. */
  readonly cursor: string | null;
}

/** Jobs that one call looks at, at most. */
const MOST_LOOKED_AT = 2_000;
/** How long one call looks, milliseconds. */
const LONGEST_LOOK_MS = 300;

interface Match {
  readonly stream: JobStream;
  readonly job: Job;
}

/**
 * Finds jobs. No index is kept: a search reads the newest jobs first, and says how far it came. An exact id costs one read in each queue.
 */
@Injectable()
export class JobSearch {
  constructor(private readonly queues: ManagedQueues) {}

  /**
   * Jobs of a list or a search; at most 2 000 are looked at, or as many as 300 ms allow.
   * @param seen what of payloads may be looked at. Sealed ones never are
   * @throws InvalidJobOptionsError listing what is wrong with the query; what the broker throws
   */
  async find(query: JobQuery = {}, seen?: SeenPayload): Promise<FoundJobs> {
    const ready = readyJobQuery(query, this.queues, seen);
    return ready.id === undefined ? this.#list(ready) : this.#byId(ready, ready.id);
  }

  async #byId({ queues, states, matches }: ReadyJobQuery, id: string): Promise<FoundJobs> {
    const found = await Promise.all(
      queues.map(async (name) => {
        const job = await this.queues.get(name).queue.getJob(id);
        return job === null ? null : { name, job, state: jobState(job, await job.getState()) };
      }),
    );
    const there = found.filter((one) => one !== null);
    const jobs = there
      .filter(({ state }) => states === undefined || (states as readonly string[]).includes(state))
      .filter(({ name, job }) => matches(name, job))
      .map(({ name, job, state }) => foundJob(name, job, state));
    return { jobs, looked: there.length, of: there.length, cursor: null };
  }

  async #list(query: ReadyJobQuery): Promise<FoundJobs> {
    const until = performance.now() + LONGEST_LOOK_MS;
    const { streams, of } = await this.#streams(query);
    const jobs: FoundJob[] = [];
    let looked = 0;
    let newest = await newestOf(streams);
    while (newest !== null && jobs.length < query.limit) {
      const { stream, job } = newest;
      stream.take(job);
      looked += 1;
      if (query.matches(stream.name, job)) jobs.push(foundJob(stream.name, job, stream.state));
      newest = await newestOf(streams);
      if (looked >= MOST_LOOKED_AT || performance.now() >= until) break;
    }
    return { jobs, looked, of, cursor: newest === null ? null : encodePositions(streams) };
  }

  async #streams(query: ReadyJobQuery): Promise<{ readonly streams: JobStream[]; readonly of: number }> {
    const managed = query.queues.map((name) => this.queues.get(name));
    const snapshots = await Promise.all(managed.map(({ broker, queue }) => broker.snapshot(queue)));
    const streams: JobStream[] = [];
    let of = 0;
    managed.forEach(({ queue, definition }, index) => {
      for (const state of query.listed) {
        const count = snapshots[index]?.[state satisfies keyof QueueSnapshot] ?? 0;
        of += count;
        const after = query.positions.get(`${definition.name}\n${state}`);
        if (count > 0) streams.push(new JobStream(queue, state, after, query.needsPayload));
      }
    });
    return { streams, of };
  }
}

async function newestOf(streams: readonly JobStream[]): Promise<Match | null> {
  const heads = await Promise.all(streams.map((stream) => stream.peek()));
  let newest: (Match & { readonly at: number }) | null = null;
  for (const [index, stream] of streams.entries()) {
    const job = heads[index];
    if (!job) continue;
    const at = timeOf(job, stream.state);
    if (newest === null || at > newest.at) newest = { stream, job, at };
  }
  return newest;
}

/** What jobs of a state are newest by. */
function timeOf(job: Job, state: ListedState): number {
  if (state === 'completed' || state === 'failed') return job.finishedOn ?? job.timestamp;
  return state === 'active' ? (job.processedOn ?? job.timestamp) : job.timestamp;
}
