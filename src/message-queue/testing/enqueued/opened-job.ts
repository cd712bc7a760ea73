import type { Job } from 'bull';
import { isSealed } from '../../jobs/sealing/payload-seal.js';
import type { SealableQueue } from '../../jobs/sealing/payload-seal.js';

/** Puts a sealed payload in plain into what was read of its job; what is stored stays sealed. */
export async function openPayload(job: Job, { seal }: SealableQueue): Promise<void> {
  if (seal === undefined || !isSealed(job.data)) return;
  const opened = await seal.open({ job: job.name, jobId: String(job.id) }, job.data);
  if (opened !== 'shredded') job.data = opened.data;
}
