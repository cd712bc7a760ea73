import type { FailureRecord } from '../../jobs/managed-job.js';
import type { Delivery } from '../broker.js';
import { StoredOutcome } from '../stored-outcome.js';
import type { MemoryJob } from './bull/job/memory-job.js';

const NO_CRASHES: readonly FailureRecord[] = [];

/** One run of a job. The signal is only made when somebody looks at it: most of a no-op job's time would go there. */
export class MemoryDelivery implements Delivery {
  /** A job in memory dies with its worker. */
  readonly crashes = NO_CRASHES;
  private readonly outcome = new StoredOutcome();
  private controller: AbortController | null = null;
  private reason: Error | null = null;

  constructor(readonly job: MemoryJob) {}

  get signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = new AbortController();
      if (this.reason !== null) this.controller.abort(this.reason);
    }
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
    if (this.reason !== null) return;
    this.reason = reason;
    this.controller?.abort(reason);
  }
}
