import { TAKEN_FIELDS } from '../scripts/functions/read-job.lua.js';

type TakenField = (typeof TAKEN_FIELDS)[number];

/** A job as Redis stores it, fields of its hash, null for those it lacks; and its id. */
export type TakenEntry = Readonly<Record<TakenField, string | null>> & {
  readonly id: string;
  /** It was taken ahead, to wait for a handler; until it begins, no crash counts against it. */
  readonly isAhead: boolean;
};

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
export function takenEntry(values: readonly (string | null)[], take?: Take): TakenEntry {
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
    isAhead: take === undefined ? values[11] === 'ahead' : take.isAhead,
  };
}
