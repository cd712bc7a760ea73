import { gateOf } from '../../../jobs/flow/group-name.js';
import { TAKEN_FIELDS } from '../scripts/functions/read-job.lua.js';

type TakenField = (typeof TAKEN_FIELDS)[number];

/** A job as Redis stores it, fields of its hash, null for those it lacks; and its id. */
export type TakenEntry = Readonly<Record<TakenField, string | null>> & {
  readonly id: string;
  /** It was taken ahead, to wait for a handler; until it begins, no crash counts against it. */
  readonly isAhead: boolean;
  /** Those that were collected with it, to run together. */
  readonly companions: readonly TakenEntry[];
};

/** What is told of a job that was not started in time; and the take that found it, null when none did. */
export type ExpiredEntry = Pick<
  TakenEntry,
  'id' | 'name' | 'data' | 'opts' | 'attemptsMade' | 'timestamp' | 'priority' | 'mqRun'
>;

/** A job as the scripts send it; one that leads a batch with a list of the others behind its fields. */
export type SentEntry = readonly (string | null)[];

const ALONE: readonly TakenEntry[] = [];

/** @param hash of a job, as HGETALL reads it */
export function storedEntry(id: string, hash: Readonly<Record<string, string | undefined>>): TakenEntry {
  return takenEntry(TAKEN_FIELDS.map((field) => (field === 'id' ? id : (hash[field] ?? null))));
}

/** What a take said of a job. */
export interface Take {
  /** `mqRun` from now on. */
  readonly run: string;
  /** When it was, milliseconds since the epoch. */
  readonly at: number;
  readonly isAhead: boolean;
}

/**
 * @param values in the order of {@link TAKEN_FIELDS}; the last ones may be left out when the job has none of them
 * @param take what changed them since
 */
export function takenEntry(values: SentEntry, take?: Take): TakenEntry {
  const others = values[TAKEN_FIELDS.length] as unknown as readonly SentEntry[] | undefined;
  // Spelled out: all entries have one shape, which every job that runs is read through.
  return {
    name: values[0] ?? null,
    timestamp: values[1] ?? null,
    data: values[2] ?? null,
    opts: values[3] ?? null,
    priority: values[4] ?? null,
    id: values[5] as string,
    mqGroup: values[6] ?? null,
    mqTenant: values[7] ?? null,
    mqExpires: values[8] ?? null,
    processedOn: take === undefined ? (values[9] ?? null) : String(take.at),
    mqRun: take === undefined ? (values[10] ?? null) : take.run,
    mqHeld: values[11] ?? null,
    mqCrashes: values[12] ?? null,
    mqCancel: values[13] ?? null,
    attemptsMade: values[14] ?? null,
    stacktrace: values[15] ?? null,
    failedReason: values[16] ?? null,
    returnvalue: values[17] ?? null,
    progress: values[18] ?? null,
    delay: values[19] ?? null,
    deid: values[20] ?? null,
    finishedOn: values[21] ?? null,
    retriedOn: values[22] ?? null,
    mqUnknown: values[23] ?? null,
    mqErased: values[24] ?? null,
    mqWaits: values[25] ?? null,
    mqDue: values[26] ?? null,
    isAhead: take === undefined ? values[11] === 'ahead' : take.isAhead,
    companions: others === undefined ? ALONE : others.map((one) => takenEntry(one, take)),
  };
}

/** @param values fields of {@link ExpiredEntry}, in its order; the last one may be left out */
export function expiredEntry([
  id,
  name = null,
  data = null,
  opts = null,
  attemptsMade = null,
  timestamp = null,
  priority = null,
  mqRun = null,
]: readonly (string | null)[]): ExpiredEntry {
  return { id: id as string, name, data, opts, attemptsMade, timestamp, priority, mqRun };
}

/** Puts jobs that were taken as batches together again: those of one group and one take. */
export function asBatches(entries: readonly TakenEntry[]): TakenEntry[] {
  const batches = new Map<string, TakenEntry[]>();
  for (const entry of entries) {
    const { id, mqGroup, mqRun } = entry;
    const isBatch = mqGroup !== null && gateOf(mqGroup).gate === 'batch';
    const name = isBatch ? `${mqRun ?? ''} ${mqGroup}` : ` ${id}`;
    batches.set(name, [...(batches.get(name) ?? []), entry]);
  }
  return [...batches.values()].map(([first, ...companions]) => ({ ...(first as TakenEntry), companions }));
}
