import { createHash } from 'node:crypto';
import type { JobInformation } from 'bull';
import { nextRepeat } from '../../../../admission/repeat-times.js';

/** Bull's repeat options, cron and `every` in one, with what Bull writes into them. */
export interface RepeatSettings {
  cron?: string;
  every?: number;
  tz?: string;
  startDate?: Date | string | number;
  endDate?: Date | string | number;
  limit?: number;
  count?: number;
  key?: string;
  jobId?: string | number;
}

/** The run of a schedule that has to be added next. */
export interface NextRun {
  readonly key: string;
  readonly jobId: string;
  readonly dueAt: number;
  readonly count: number;
}

/** Equal to Bull: the repeat schedules of one queue, with the keys, job ids and due times that Bull would give them. */
export class RepeatSchedule {
  private readonly nextByKey = new Map<string, number>();

  get size(): number {
    return this.nextByKey.size;
  }

  /**
   * Works out the run after the one due at `prevMillis` (0: the first one).
   * @returns null when the schedule has ended
   * @throws Error for a cron expression that cannot be parsed, or both `cron` and `every`
   */
  next(name: string, repeat: RepeatSettings, prevMillis: number, clockNow: number): NextRun | null {
    const count = repeat.count ? repeat.count + 1 : 1;
    if (repeat.limit !== undefined && count > repeat.limit) return null;
    if (repeat.endDate !== undefined && clockNow > new Date(repeat.endDate).getTime()) return null;
    const dueAt = nextRepeat(repeat, Math.max(prevMillis, clockNow));
    if (dueAt === null) return null;
    const idPart = repeat.jobId ? `${repeat.jobId}:` : ':';
    const key = repeatKey(name, repeat, idPart);
    return { key, jobId: repeatJobId(name, idPart, key) + String(dueAt), dueAt, count };
  }

  has(key: string): boolean {
    return this.nextByKey.has(key);
  }

  set(key: string, dueAt: number): void {
    this.nextByKey.set(key, dueAt);
  }

  /** Forgets a schedule. @returns the id of its pending run, or null when there was none */
  remove(key: string): string | null {
    const dueAt = this.nextByKey.get(key);
    this.nextByKey.delete(key);
    if (dueAt === undefined) return null;
    const meta = keyToData(key);
    return repeatJobId(meta.name, meta.id ? `${meta.id}:` : ':', key) + String(dueAt);
  }

  clear(): void {
    this.nextByKey.clear();
  }

  /** The schedules, by when they are due next: last one first unless `ascending`. */
  list(start = 0, end = -1, ascending = false): JobInformation[] {
    const entries = [...this.nextByKey].sort(([a, dueA], [b, dueB]) => dueA - dueB || (a < b ? -1 : 1));
    if (!ascending) entries.reverse();
    // Bull treats an end of 0 as "all".
    const last = end || -1;
    return entries.slice(start, last < 0 ? entries.length + last + 1 : last + 1).map(([key, next]) => {
      const data = keyToData(key);
      const { name, id, endDate, tz, cron } = data;
      const every = cron ? null : Number.parseInt(tz ?? '', 10);
      const information = { key, name, id, endDate, tz: cron ? tz : null, cron: cron ?? null, every, next };
      // Bull's type has no nulls, its values do.
      return information as unknown as JobInformation;
    });
  }
}

/** The parts of a schedule's key, as Bull's `_keyToData`. */
export function keyToData(key: string): {
  key: string;
  name: string;
  id: string | null;
  endDate: number | null;
  tz: string | null;
  cron: string | undefined;
} {
  const [name = '', id, endDate, tz, cron] = key.split(':');
  return {
    key,
    name,
    id: id || null,
    endDate: Number.parseInt(endDate ?? '', 10) || null,
    tz: tz || null,
    cron,
  };
}

/** The key under which Bull keeps a schedule. */
export function repeatKey(name: string, repeat: RepeatSettings, idPart: string): string {
  const endDate = repeat.endDate ? `${new Date(repeat.endDate).getTime()}:` : ':';
  const suffix = repeat.cron ? `${repeat.tz ? `${repeat.tz}:` : ':'}${repeat.cron}` : String(repeat.every);
  return `${name}:${idPart}${endDate}${suffix}`;
}

function repeatJobId(name: string, idPart: string, key: string): string {
  return `repeat:${md5(name + idPart + md5(key))}:`;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
