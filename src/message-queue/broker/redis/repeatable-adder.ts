import type { Job } from 'bull';
import { EnqueueTimeoutError } from '../../jobs/errors.js';
import { admitJob } from '../../jobs/job-admission.js';
import type { AddRequest } from '../broker.js';
import type { EnqueuerParts } from './enqueuer-parts.js';

/**
 * Adds a repeatable job by Bull's own way: its identity is queue, name and schedule, so the same call again is safe.
 * @throws EnqueueTimeoutError
 */
export async function addRepeatable(
  { queue, now, timeoutMs, connections, memory }: EnqueuerParts,
  request: AddRequest,
): Promise<Job> {
  const { data, options } = admitJob(
    queue.name,
    queue.definition,
    request.name,
    request.data,
    request.options,
    now(),
  );
  memory.check(queue.name);
  const deadlineMs = request.deadlineMs ?? timeoutMs;
  const startedAt = performance.now();
  if (await connections.ready(deadlineMs)) {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), deadlineMs - (performance.now() - startedAt));
    });
    try {
      const job = await Promise.race([queue.addRepeatable(request.name, data, options), tooLate]);
      if (job !== null) return job;
    } finally {
      clearTimeout(timer);
    }
  }
  throw new EnqueueTimeoutError(
    `Redis did not answer within ${deadlineMs} ms when repeatable job "${request.name}" was added to queue ` +
      `"${queue.name}". Outcome unknown: the same call again is safe.`,
    { queue: queue.name, job: request.name },
  );
}
