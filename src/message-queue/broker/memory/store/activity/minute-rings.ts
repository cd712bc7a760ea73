import type { ActivityMinute, ActivitySeries } from '../../../activity-store.js';
import { HOUR_MS, MINUTE_MS, hourOf, keptMs } from '../../../rules/activity/activity-rules.js';
import { fromStored, mergeStored, toStored } from '../../../rules/activity/stored-record.js';
import type { StoredRecord } from '../../../rules/activity/stored-record.js';

/** The minutes of an hour, by their place in it; those in which nothing happened have none. */
type Hour = (StoredRecord | undefined)[];

/** What was counted, minute by minute: of each queue and job name as many hours as are kept. */
export class MinuteRings {
  /** By queue, by hour, by job name. */
  private readonly queues = new Map<string, Map<number, Map<string, Hour>>>();

  constructor(private readonly historyHours: number) {}

  /** Adds what was counted to the minute of `at`. */
  add({ queue, job, record }: ActivitySeries, at: number): void {
    const more = toStored(record);
    if (more.length === 0) return;
    const hours = valueOf(this.queues, queue, () => new Map<number, Map<string, Hour>>());
    const jobs = valueOf(hours, hourOf(at), () => this.nextHour(hours, at));
    const minutes = valueOf(jobs, job, (): Hour => []);
    const place = Math.floor((at % HOUR_MS) / MINUTE_MS);
    minutes[place] = mergeStored(minutes[place] ?? [], more);
  }

  /** Minutes of a queue that begin within these times, inclusive, the oldest first. @param now older ones are gone by then */
  read(queue: string, from: number, to: number, now: number): ActivityMinute[] {
    const found: ActivityMinute[] = [];
    const hours = this.queues.get(queue);
    if (hours === undefined) return found;
    this.forget(hours, now);
    for (const [hour, jobs] of hours) {
      if (hour < hourOf(from) || hour > hourOf(to)) continue;
      for (const [job, minutes] of jobs) {
        minutes.forEach((stored, place) => {
          const minute = hour * HOUR_MS + place * MINUTE_MS;
          if (stored === undefined || minute < from || minute > to) return;
          found.push({ queue, job, minute, record: fromStored(stored) });
        });
      }
    }
    return found.sort((a, b) => a.minute - b.minute);
  }

  private nextHour(hours: Map<number, Map<string, Hour>>, now: number): Map<string, Hour> {
    this.forget(hours, now);
    return new Map();
  }

  private forget(hours: Map<number, unknown>, now: number): void {
    for (const hour of hours.keys())
      if (hour * HOUR_MS + keptMs(this.historyHours) <= now) hours.delete(hour);
  }
}

function valueOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
