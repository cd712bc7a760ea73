import type { JobInformation } from 'bull';
import { keyOfMember, memberOf } from '../../../rules/schedules/schedule-record.js';
import type { ScheduleRecord, StoredSchedule } from '../../../rules/schedules/schedule-record.js';

/** The schedules of one queue in memory, and Bull's list of them. */
export class ScheduleMap {
  private readonly records = new Map<string, ScheduleRecord>();
  /** By their names in Bull's layout. */
  private readonly nextAt = new Map<string, number>();

  /** How many are listed. */
  get size(): number {
    return this.nextAt.size;
  }

  /** @param key its own, or its name in Bull's layout */
  get(key: string): StoredSchedule | null {
    const own = keyOfMember(key);
    const record = this.records.get(own);
    if (record === undefined) return null;
    const member = memberOf(record.name, record.repeat);
    const isOther = key.includes(':') && key !== member;
    return isOther ? null : { key: own, record, member, nextAt: this.nextAt.get(member) ?? null };
  }

  all(): StoredSchedule[] {
    return [...this.records.keys()].map((key) => this.get(key) as StoredSchedule);
  }

  set(from: StoredSchedule | null, key: string, record: ScheduleRecord | null, nextAt: number | null): void {
    if (from !== null) this.nextAt.delete(from.member);
    if (record === null) this.records.delete(key);
    else this.records.set(key, record);
    if (record !== null && nextAt !== null) this.nextAt.set(memberOf(record.name, record.repeat), nextAt);
  }

  /** @returns whether the text stood in the payload and was replaced */
  replaceText(key: string, was: string, is: string): boolean {
    const record = this.records.get(key);
    if (record?.data.includes(was) !== true) return false;
    this.records.set(key, { ...record, data: record.data.replace(was, is) });
    return true;
  }

  clear(): void {
    this.records.clear();
    this.nextAt.clear();
  }

  /** Equal to Bull: the schedules by when they are due next: last one first unless `ascending`. */
  list(start = 0, end = -1, ascending = false): JobInformation[] {
    const entries = [...this.nextAt].sort(([a, dueA], [b, dueB]) => dueA - dueB || (a < b ? -1 : 1));
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
