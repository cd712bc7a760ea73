import { TakenJob } from '../../jobs/taken-job.js';
import { RunDepth } from './nested-runs.js';

/** A job that runs for whoever added it, who waits: it has one attempt, since its caller is the one who tries again. */
export class AskedJob extends TakenJob {
  /** Made in the context of whoever added the job. */
  readonly depth = RunDepth.below();

  override get isOnlyTry(): boolean {
    return true;
  }
}
