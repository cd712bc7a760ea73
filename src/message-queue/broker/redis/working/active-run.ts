import type { Job } from 'bull';
import type { Delivery } from '../../broker.js';
import type { FailureRecord } from '../../../jobs/managed-job.js';
import { StoredOutcome } from '../../stored-outcome.js';

/** One run of a job in this process, from being taken until its end is stored. */
export class ActiveRun implements Delivery {
  private readonly controller = new AbortController();
  private readonly outcome = new StoredOutcome();
  readonly id: string;

  constructor(
    readonly job: Job,
    readonly crashes: readonly FailureRecord[],
    /** The job's opts as they are stored, as text. */
    readonly storedOptions: string,
    /** Which take began it, `mqRun`: nothing that is sent for this run may touch a later one. */
    readonly fence: string,
    /** It crashed twice and must wait for its turn; until it began nothing counts as its crash. */
    readonly isSuspect = false,
  ) {
    this.id = String(job.id);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get stored(): Promise<boolean> {
    return this.outcome.told;
  }

  /** The end of this run was stored, or could not be. The first call counts. */
  noteStored(isStored: boolean): void {
    this.outcome.decide(isStored);
  }

  /** The first reason stays. */
  abort(reason: Error): void {
    this.controller.abort(reason);
  }
}

/** Crash records as the stalled check leaves them: JSON objects, comma-separated. */
export function parseCrashes(stored: string | undefined): FailureRecord[] {
  if (stored === undefined || stored === '') return [];
  try {
    return JSON.parse(`[${stored}]`) as FailureRecord[];
  } catch {
    return [];
  }
}
