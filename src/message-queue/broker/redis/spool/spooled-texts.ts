import { verdictsOn } from '../../../jobs/sealing/stored-texts.js';
import type { StoredTexts, TextReader, TextTally } from '../../../jobs/sealing/stored-texts.js';
import { SPOOL_TABLES } from './spool-file.js';
import type { HeldRecord, SpoolFile } from './spool-file.js';

/** Jobs that are read at once. */
const PAGE_JOBS = 100;

/** Replaces sealed texts of a queue's jobs in a spool, those that were set aside too. */
export async function replaceSpooledTexts(
  file: SpoolFile,
  base: string,
  read: TextReader,
  tally: TextTally,
  signal?: AbortSignal,
): Promise<void> {
  for (const table of SPOOL_TABLES) {
    let page = file.after(table, base, 0, PAGE_JOBS);
    while (page.length > 0) {
      signal?.throwIfAborted();
      const verdicts = await verdictsOn(page.map(textsOf), read);
      for (const [index, verdict] of verdicts.entries()) {
        const place = page[index]?.place ?? 0;
        const done = verdict.replacements.filter(({ was, is }) => file.replace(table, place, was, is));
        tally.note(verdict, done.length);
      }
      page = file.after(table, base, page.at(-1)?.place ?? 0, PAGE_JOBS);
    }
  }
}

function textsOf({ record }: HeldRecord): StoredTexts {
  const nothing = { id: '', name: '', data: null, progress: null, returnvalue: null, failures: [] };
  try {
    const { name, json } = JSON.parse(record) as { readonly name: string; readonly json: string };
    return { ...nothing, name, data: json };
  } catch {
    // It is damaged: nobody can add it either.
    return nothing;
  }
}
