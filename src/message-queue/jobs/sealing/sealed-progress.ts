import type { JobProgress } from '../job-progress.js';
import { SEALED_FIELD } from './payload-seal.js';
import type { RunSealer } from './payload-seal.js';

/** Progress as it is stored: its details are sealed, numbers and the name of the step stay readable. */
export function sealedProgress(progress: JobProgress, sealer: RunSealer | undefined): JobProgress {
  if (progress.data === undefined || sealer === undefined) return progress;
  return { ...progress, data: { [SEALED_FIELD]: sealer.seal('progress', JSON.stringify(progress.data)) } };
}
