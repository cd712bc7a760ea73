import type { Job, Queue } from 'bull';
import type { JobEvents } from '../../jobs/job-events.js';
import type { JobEnd, JobEnds } from '../../jobs/job-end.js';
import { JOB_ADDED, JOB_ENDED } from '../rules/local-events.js';

/**
 * Passes on what only the queue itself sees: that a job was added, whichever way, that one ended outside of the executor,
 * and that the worker of this process found a stalled job, or nothing more to run. All are local events, which need no
 * subscription in Redis. To be called once per queue.
 */
export function bridgeQueueEvents(queue: Queue, events: JobEvents, ends: JobEnds): void {
  const { name } = queue;
  queue.on(JOB_ADDED, (jobId: string, job: string) => {
    if (events.has('enqueued')) events.emit('enqueued', { queue: name, job, jobId });
  });
  queue.on(JOB_ENDED, (end: JobEnd) => ends.tell(end));
  queue.on('stalled', (job: Job) => events.emit('stalled', { queue: name, jobId: String(job.id) }));
  queue.on('drained', () => events.emit('drained', { queue: name }));
}
