import { InvalidJobOptionsError, InvalidPayloadError } from '../../src/message-queue/jobs/errors.js';
import { admitJob, type AdmittedJob } from '../../src/message-queue/admission/job-admission.js';
import type { ManagedJobOptions } from '../../src/message-queue/jobs/managed-job.js';
import { QUEUE_DEFAULTS, type QueueSettings } from '../../src/message-queue/jobs/queue-settings.js';

export const settings: QueueSettings = {
  ...QUEUE_DEFAULTS,
  concurrency: 1,
  attempts: 5,
  backoff: { type: 'exponential', delayMs: 2000 },
  timeoutMs: 1000,
  maxPayloadBytes: 2000,
};
export const NOW = Date.UTC(2026, 0, 1);

export const admit = (options: unknown, data: unknown = { a: 1 }): AdmittedJob =>
  // A queue without a seal waits for nothing.
  admitJob('q', settings, 'send', data, options as ManagedJobOptions, NOW) as AdmittedJob;

export function refused(act: () => unknown): InvalidJobOptionsError | InvalidPayloadError {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidJobOptionsError || error instanceof InvalidPayloadError) return error;
    throw error;
  }
  throw new Error('It was admitted.');
}
