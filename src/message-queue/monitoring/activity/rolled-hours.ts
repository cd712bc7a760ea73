import { emptyRecord } from '../../jobs/activity/activity-record.js';
import type { ActivityRecord } from '../../jobs/activity/activity-record.js';
import type { Broker } from '../../broker/broker.js';

/** What of an hour is kept in memory: of each of its parts when it began, and the numbers that are not 0 behind their places. */
export type RolledHour = readonly Float64Array[];

/** What all hours together may take, bytes. */
export const MOST_BYTES = 4 * 1024 * 1024;
/** What an entry takes beside its numbers, roughly. */
const ENTRY_BYTES = 200;
const PART_BYTES = 120;

interface Entry {
  readonly hour: RolledHour;
  readonly bytes: number;
}

/** Hours that are over: what was counted in them changes no more. Those that nobody asked for longest are forgotten first. */
export class RolledHours {
  private readonly names = new WeakMap<Broker, string>();
  private readonly byKey = new Map<string, Entry>();
  private brokers = 0;
  private taken = 0;

  /** How much is kept, bytes. */
  get bytes(): number {
    return this.taken;
  }

  get(broker: Broker, key: string): RolledHour | undefined {
    const full = this.keyOf(broker, key);
    const entry = this.byKey.get(full);
    if (entry === undefined) return undefined;
    this.byKey.delete(full);
    this.byKey.set(full, entry);
    return entry.hour;
  }

  set(broker: Broker, key: string, hour: RolledHour): void {
    const full = this.keyOf(broker, key);
    this.drop(full);
    const bytes = hour.reduce(
      (sum, part) => sum + PART_BYTES + part.byteLength,
      ENTRY_BYTES + 2 * full.length,
    );
    this.byKey.set(full, { hour, bytes });
    this.taken += bytes;
    for (const [oldest] of this.byKey) {
      if (this.taken <= MOST_BYTES) return;
      this.drop(oldest);
    }
  }

  private drop(key: string): void {
    this.taken -= this.byKey.get(key)?.bytes ?? 0;
    this.byKey.delete(key);
  }

  private keyOf(broker: Broker, key: string): string {
    const known = this.names.get(broker) ?? String((this.brokers += 1));
    this.names.set(broker, known);
    return `${known} ${key}`;
  }
}

/** Packs the parts of an hour. */
export function packed(parts: ReadonlyMap<number, ActivityRecord>): RolledHour {
  return [...parts].map(([start, record]) => {
    const numbers: number[] = [start];
    for (const [at, value] of record.entries()) if (value !== 0) numbers.push(at, value);
    return Float64Array.from(numbers);
  });
}

/** The parts of an hour as they were. */
export function unpacked(hour: RolledHour): { readonly minute: number; readonly record: ActivityRecord }[] {
  return hour.map((part) => {
    const record = emptyRecord();
    for (let i = 1; i < part.length; i += 2) record[part[i] as number] = part[i + 1] as number;
    return { minute: part[0] as number, record };
  });
}
