import { appendFileSync, readFileSync } from 'node:fs';

/**
 * What is written down outside of Redis. By handlers: a run begins, kills its worker, finishes (`done`; `overtime`: although its time
 * was up), is aborted because its lock is lost, fails its attempt, or goes back without spending it; `early`: it began before it was
 * due. By the checker: a process ended, and a lock ran out.
 */
export type FaultNote =
  'start' | 'crash' | 'done' | 'overtime' | 'aborted' | 'failed' | 'back' | 'early' | 'exit' | 'expired';

/** One line of the record. */
export interface NoteLine {
  readonly what: FaultNote;
  /** Of the job's payload; `-` where there is none. */
  readonly key: string;
  /** `-` where there is none. */
  readonly jobId: string;
  /** Names the run: `process id.number`; of an exit the process id alone. */
  readonly run: string;
  /** The attempt that the run was told, from 1; 0 where there is none. */
  readonly attempt: number;
}

// Some rows change the clock that the code under test sees.
const realNow = Date.now.bind(Date);

/** Appends a line: lines of several processes stay whole and in order. */
export function writeNote(record: string, { what, key, jobId, run, attempt }: NoteLine): void {
  appendFileSync(record, `${what} ${key} ${jobId} ${run} ${attempt} ${realNow()}\n`);
}

/** How often a job was noted so. */
export function timesNoted(record: string, what: FaultNote, key: string): number {
  return readFileSync(record, 'utf8').split(`${what} ${key} `).length - 1;
}
