import type { Job, Queue } from 'bull';
import type { HostCode } from '../../../kernel/host/host-code.js';
import { ours } from '../../../kernel/host/ours.js';
import type { JobEvents } from '../../jobs/job-events.js';
import type { JobEnd, JobEnds } from '../../jobs/job-end.js';
import { JOB_ADDED, JOB_ENDED, LISTENER_FAILED } from '../rules/events/local-events.js';

/** Who hears what a queue sees. */
export interface EventReceivers {
  readonly events: JobEvents;
  readonly ends: JobEnds;
  readonly host: HostCode;
}

/**
 * Passes on what only the queue itself sees: that a job was added, whichever way, that one ended outside of the executor,
 * that the worker of this process found a stalled job, or nothing more to run, and that a listener of the host failed. All
 * are local events, which need no subscription in Redis. To be called once per queue.
 */
export function bridgeQueueEvents(queue: Queue, { events, ends, host }: EventReceivers): void {
  const { name } = queue;
  const listen = (event: string, listener: (...args: never[]) => void): void =>
    void queue.on(event, ours(listener) as (...args: unknown[]) => void);
  listen(LISTENER_FAILED, (event: string, error: unknown) =>
    host.failed(`a listener of the queue's "${event}"`, name, error),
  );
  listen(JOB_ADDED, (jobId: string, job: string) => {
    if (events.has('enqueued')) events.emit('enqueued', { queue: name, job, jobId });
  });
  listen(JOB_ENDED, (end: JobEnd) => ends.tell(end));
  listen('stalled', (job: Job) => events.emit('stalled', { queue: name, jobId: String(job.id) }));
  listen('drained', () => events.emit('drained', { queue: name }));
}
