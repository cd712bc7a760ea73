import type { Job, Queue } from 'bull';
import type { JobEvents } from '../jobs/job-events.js';

/**
 * Passes on what only the queue itself sees: that the worker of this process found a stalled job, or nothing more to
 * run. Both are local events of Bull, which need no subscription in Redis. To be called once per queue.
 */
export function bridgeQueueEvents(queue: Queue, events: JobEvents): void {
  const { name } = queue;
  queue.on('stalled', (job: Job) => events.emit('stalled', { queue: name, jobId: String(job.id) }));
  queue.on('drained', () => events.emit('drained', { queue: name }));
}
