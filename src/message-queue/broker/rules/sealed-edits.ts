import { isSealed } from '../../jobs/sealing/payload-seal.js';
import type { SealableQueue } from '../../jobs/sealing/payload-seal.js';
import { JobStateError } from '../../jobs/errors.js';

/**
 * A payload that is sealed cannot be changed where it is stored: what took its place would stand there in plain text.
 * @param queue the job's; a plain one of Bull's has no definition
 * @throws JobStateError
 */
export function refuseSealedEdit(
  queue: { readonly name: string; readonly definition?: SealableQueue },
  job: { readonly id: unknown; readonly data: unknown },
): void {
  if (queue.definition?.seal?.isOn !== true && !isSealed(job.data)) return;
  const jobId = String(job.id);
  throw new JobStateError(
    `The payload of job "${jobId}" in queue "${queue.name}" is sealed and cannot be edited in place: add a job with the right payload, and cancel or discard this one.`,
    { queue: queue.name, jobId },
  );
}
