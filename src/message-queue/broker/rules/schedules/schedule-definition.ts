import { fingerprintOf } from '../../../admission/fingerprint.js';
import { isSealed } from '../../../jobs/sealing/payload-seal.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';
import { isDeclaredMember, keyOfMember, memberOf } from './schedule-record.js';
import type { ScheduleRecord, ScheduleRepeat } from './schedule-record.js';

/** A schedule as it is asked for. */
export interface ScheduleDefinition {
  readonly key: string;
  /** Name of the job. */
  readonly name: string;
  /** The payload as JSON. */
  readonly data: string;
  /** Admitted; what belongs to one run is left out. */
  readonly options: ManagedJobOptions;
  readonly repeat: ScheduleRepeat;
  readonly isDeclared?: boolean;
}

/** A schedule as an add asks for it. @param options admitted, with `repeat` @param data the payload as JSON */
export function definitionOfAdd(name: string, data: string, options: ManagedJobOptions): ScheduleDefinition {
  const { jobId } = options;
  const times = (options.repeat ?? {}) as ScheduleRepeat;
  // As in Bull: the id that it is added with tells it from others with the same times.
  const repeat = jobId ? { ...times, jobId } : times;
  const member = memberOf(name, repeat);
  const isDeclared = isDeclaredMember(member);
  return { key: keyOfMember(member), name, data, options, repeat, isDeclared };
}

/** What is stored of a definition. */
export function definitionOf({
  name,
  data,
  options,
  repeat,
  isDeclared,
}: ScheduleDefinition): Omit<ScheduleRecord, 'runs' | 'madeAt'> {
  const { jobId: _jobId, delay: _delay, timestamp: _timestamp, ...others } = options;
  const { prevMillis: _prevMillis, repeat: _repeat, ...ofEachRun } = others;
  const { cron, tz, every, startDate, endDate, limit, jobId } = repeat;
  return {
    name,
    data,
    options: plain(ofEachRun),
    repeat: plain({
      ...{ cron: cron || undefined, tz: tz || undefined, every: every || undefined, limit, jobId },
      ...{ startDate: momentOf(startDate), endDate: momentOf(endDate) },
    }),
    ...(isDeclared === true && { isDeclared }),
  };
}

/** Whether a stored schedule is what is asked for. A `createdAt` of its payload does not count. */
export function isSameDefinition(known: ScheduleRecord, wanted: ScheduleDefinition): boolean {
  const next = definitionOf(wanted);
  return (
    known.name === next.name &&
    known.isDeclared === next.isDeclared &&
    isSamePayload(known.data, next.data) &&
    fingerprintOf(known.options) === fingerprintOf(next.options) &&
    fingerprintOf(known.repeat) === fingerprintOf(next.repeat)
  );
}

/** Whether two schedules run at the same times, how often set aside. */
export function isSameTimes(one: ScheduleRepeat, other: ScheduleRepeat): boolean {
  const timesOf = ({ cron, tz, every, startDate, endDate }: ScheduleRepeat): string =>
    JSON.stringify([cron, tz, every, momentOf(startDate), momentOf(endDate)]);
  return timesOf(one) === timesOf(other);
}

/** Of sealed payloads the digests among the options tell. */
function isSamePayload(known: string, next: string): boolean {
  const [one, other] = [JSON.parse(known), JSON.parse(next)] as unknown[];
  return (isSealed(one) && isSealed(other)) || payloadPrint(one) === payloadPrint(other);
}

function payloadPrint(payload: unknown): string {
  return typeof payload === 'object' && payload !== null ? fingerprintOf(payload) : JSON.stringify(payload);
}

function momentOf(given: ScheduleRepeat['startDate'] | null): number | undefined {
  const moment = given === undefined || given === null ? Number.NaN : new Date(given).getTime();
  return Number.isNaN(moment) ? undefined : moment;
}

/** A copy that has been through JSON: what is undefined is gone. */
function plain<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
