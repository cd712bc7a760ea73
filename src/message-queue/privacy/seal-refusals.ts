import { KeyUnavailableError, SealBrokenError } from '../jobs/sealing/sealing-errors.js';

/** Where a job is. */
interface JobPlace {
  readonly queue: string;
  readonly job: string;
  readonly jobId: string;
}

/** What is stored of a job was changed. */
export function sealBroken(place: JobPlace): SealBrokenError {
  return new SealBrokenError(
    `What is stored of job "${place.job}" ${place.jobId} of queue "${place.queue}" does not open: it, or a readable field beside it, was changed after it was ` +
      'sealed, or it belongs to another job. Find out who writes to this Redis before you replay it.',
    place,
  );
}

/** The key of a job is unknown here, or cannot be had for now. */
export function keyNotHere(place: JobPlace): KeyUnavailableError {
  return new KeyUnavailableError(
    `Job "${place.job}" ${place.jobId} of queue "${place.queue}" waits: the key that its payload was sealed with is not to be had here. ` +
      'Give it back to the key provider, or wait until the data key store answers.',
    place,
  );
}
