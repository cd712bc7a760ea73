import { fullOptions, storedPriority } from '../../../admission/stored-options.js';
import { adopted } from '../../rules/schedules/schedule-changes.js';
import type { PendingState, RunningJob } from '../../rules/schedules/schedule-changes.js';
import { keyOfMember, memberOf, readRecord, runIdOf } from '../../rules/schedules/schedule-record.js';
import type { StoredSchedule } from '../../rules/schedules/schedule-record.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import { readOptions } from '../bull/stored-job.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { pendingRunsScript, readSchedulesScript } from './schedules.lua.js';

const RECORDS = 'mq:schedules';

/** What the schedules of a queue depend on. */
export interface SchedulesParts {
  readonly queue: RedisQueue;
  readonly scripts: RedisScripts;
  readonly connections: RedisConnections;
  /** Whether calls wait for a Redis that is away. */
  readonly waits: boolean;
}

/** A schedule as it was read, with the text of its record. */
export interface Found extends StoredSchedule {
  readonly text: string;
}

/** Reads the schedules of one queue: their records, Bull's `repeat`, and how their pending runs stand. */
export class ScheduleReader {
  constructor(private readonly parts: SchedulesParts) {}

  /** Every schedule, and how its pending run stands; null: it has none. */
  async look(): Promise<{ readonly found: Found; readonly run: PendingState | null }[]> {
    const schedules = await this.all();
    const states = await this.statesOf(schedules);
    return schedules.map((found) => ({ found, run: states.get(found.member) ?? null }));
  }

  /** @param key its own, or its name in Bull's layout */
  async find(key: string): Promise<Found | null> {
    const { client } = this.parts.connections;
    const own = keyOfMember(key);
    const text = (await client.hget(this.parts.queue.base + RECORDS, own)) ?? '';
    const record = text === '' ? null : readRecord(text);
    const member = record === null ? key : memberOf(record.name, record.repeat);
    if (key.includes(':') && key !== member) return this.unrecorded(key, await this.nextAtOf(key), key);
    if (record !== null) return { key: own, record, member, nextAt: await this.nextAtOf(member), text };
    const nextAt = await this.nextAtOf(member);
    return nextAt === null && text === '' ? null : this.unrecorded(member, nextAt, own, text);
  }

  private async all(): Promise<Found[]> {
    const { queue, scripts } = this.parts;
    const [records, members] = (await scripts.runPatiently(readSchedulesScript, queue.base, [])) as [
      string[],
      string[],
    ];
    const texts = pairsOf(records);
    const listed = new Map(pairsOf(members).map(([member, score]) => [member, Number(score)]));
    const found = texts.flatMap(([key, text]): Found[] => {
      const record = readRecord(text);
      if (record === null) return [];
      const member = memberOf(record.name, record.repeat);
      const nextAt = listed.get(member) ?? null;
      listed.delete(member);
      return [{ key, record, member, nextAt, text }];
    });
    const keys = new Set(found.map(({ key }) => key));
    const others = [...listed].map(([member, nextAt]) => {
      const key = keyOfMember(member);
      return this.unrecorded(member, nextAt, keys.has(key) ? member : key);
    });
    return [...found, ...(await Promise.all(others)).filter((one) => one !== null)];
  }

  /** A schedule that only Bull's layout knows: a version before or plain Bull added it. Its pending run says the rest. */
  private async unrecorded(
    member: string,
    nextAt: number | null,
    key: string,
    text = '',
  ): Promise<Found | null> {
    if (nextAt === null) return text === '' ? null : { key, record: null, member, nextAt, text };
    const bare: Found = { key, record: null, member, nextAt, text };
    const job = await this.readRun(runIdOf(member, nextAt));
    return { ...bare, record: job && adopted(bare, job) };
  }

  private async readRun(id: string): Promise<RunningJob | null> {
    const { queue, connections } = this.parts;
    const [opts, name, data, timestamp, priority] = await connections.client.hmget(
      ...[queue.base + id, 'opts', 'name', 'data', 'timestamp', 'priority'],
    );
    if (typeof name !== 'string' || typeof data !== 'string') return null;
    const fields = { id, timestamp: Number(timestamp), priority: storedPriority(priority) };
    return { id, name, data, opts: fullOptions(queue.definition, readOptions(opts ?? null), fields) };
  }

  private async statesOf(schedules: readonly Found[]): Promise<ReadonlyMap<string, PendingState>> {
    const { queue, scripts } = this.parts;
    const planned = schedules.filter(({ nextAt }) => nextAt !== null);
    if (planned.length === 0) return new Map();
    const ids = planned.map(({ member, nextAt }) => runIdOf(member, nextAt ?? 0));
    const states = (await scripts.runPatiently(pendingRunsScript, queue.base, ids)) as PendingState[];
    return new Map(planned.map(({ member }, i) => [member, states[i] ?? 'gone']));
  }

  private async nextAtOf(member: string): Promise<number | null> {
    const score = await this.parts.connections.client.zscore(`${this.parts.queue.base}repeat`, member);
    return score === null ? null : Number(score);
  }
}

function pairsOf(list: readonly string[]): [string, string][] {
  return list.flatMap((first, i): [string, string][] => (i % 2 === 0 ? [[first, list[i + 1] ?? '']] : []));
}
