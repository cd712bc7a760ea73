import type { Redis } from 'ioredis';
import type { FaultResult } from '../process/fault-processor.js';
import { keyOfRun } from '../process/fault-queue.js';
import type { FaultJobDto } from '../process/fault-queue.js';

/** What Redis holds of a job that ended. */
export interface StoredJob {
  readonly id: string;
  readonly key: string;
  readonly state: 'completed' | 'failed';
  /** Crashes that are told of it. */
  readonly crashes: number;
  /** The run whose result is stored. */
  readonly endedBy: string | null;
  readonly description: string;
}

/** Reads all jobs that ended, as they lie in Redis: nothing of the code under test is asked. */
export async function storedJobs(client: Redis, base: string): Promise<StoredJob[]> {
  const read = async (state: StoredJob['state']): Promise<StoredJob[]> => {
    const ids = await client.zrange(`${base}${state}`, 0, -1);
    return Promise.all(ids.map((id) => storedJob(client, base, id, state)));
  };
  return [...(await read('completed')), ...(await read('failed'))];
}

/** How many jobs have not ended: wait in some lane, are delayed or active. The next run of a schedule is none of them. */
export async function openJobs(client: Redis, base: string): Promise<number> {
  const [wait, paused, active, delayed, inLanes, schedules] = await Promise.all([
    ...[client.llen(`${base}wait`), client.llen(`${base}paused`), client.llen(`${base}active`)],
    ...[client.zcard(`${base}delayed`), client.get(`${base}mq:waiting`), client.zcard(`${base}repeat`)],
  ] as const);
  return wait + paused + active + Math.max(0, delayed - schedules) + Number(inLanes ?? 0);
}

async function storedJob(
  client: Redis,
  base: string,
  id: string,
  state: StoredJob['state'],
): Promise<StoredJob> {
  const { name, data, opts, mqCrashes, returnvalue, failedReason, attemptsMade } = await client.hgetall(
    base + id,
  );
  const payload = JSON.parse(data ?? '{}') as Partial<FaultJobDto>;
  const result = JSON.parse(returnvalue ?? 'null') as Partial<FaultResult> | null;
  const { prevMillis } = JSON.parse(opts ?? '{}') as { readonly prevMillis?: number };
  const ofPayload = payload.key ?? `job ${id}`;
  const key = prevMillis === undefined ? ofPayload : keyOfRun(ofPayload, prevMillis);
  return {
    ...{
      id,
      key,
      state,
      crashes: (mqCrashes ?? '').split('"kind"').length - 1,
      endedBy: result?.run ?? null,
    },
    description: `${key} (${name}, ${attemptsMade ?? 0} attempts): ${failedReason ?? 'no reason'}`,
  };
}
