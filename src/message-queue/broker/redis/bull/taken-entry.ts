import { TAKEN_FIELDS } from '../scripts/take-jobs.lua.js';

/** A taken job as Redis sends it: fields of its hash, null for those it lacks, and its id. */
export type TakenEntry = { readonly id: string } & Readonly<
  Record<(typeof TAKEN_FIELDS)[number], string | null>
>;

/** @param hash of a job, as HGETALL reads it */
export function storedEntry(id: string, hash: Readonly<Record<string, string | undefined>>): TakenEntry {
  const entry: Record<string, string | null> = { id };
  for (const field of TAKEN_FIELDS) entry[field] = hash[field] ?? null;
  return entry as TakenEntry;
}

/** @param values as the scripts send them: in the order of `TAKEN_FIELDS`, then the id */
export function takenEntry(values: readonly (string | null)[]): TakenEntry {
  const entry: Record<string, string | null> = {};
  for (let i = 0; i < TAKEN_FIELDS.length; i++) entry[TAKEN_FIELDS[i] as string] = values[i] as string | null;
  entry['id'] = values[TAKEN_FIELDS.length] as string;
  return entry as TakenEntry;
}
