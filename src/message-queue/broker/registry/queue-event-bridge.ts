import type { Job, Queue } from 'bull';
import type { HostCode } from '../../../kernel/host/host-code.js';
import { ours } from '../../../kernel/host/ours.js';
import { deadReason } from '../../jobs/activity/dead-reason.js';
import type { ProcessActivity } from '../../jobs/activity/process-activity.js';
import type { JobEventPlace, JobEvents } from '../../jobs/events/job-events.js';
import type { JobEnd, JobEnds } from '../../jobs/events/job-end.js';
import type { AddTraces } from './traced-adds.js';
import { ADD_REFUSED, JOB_ADDED, JOB_ENDED, LISTENER_FAILED } from '../rules/events/local-events.js';

/** What says in the log that a job was added. */
interface AddedLog {
  queued(place: JobEventPlace, correlationId: string | undefined): void;
}

/** Who hears what a queue sees. */
export interface EventReceivers {
  readonly events: JobEvents;
  readonly ends: JobEnds;
  readonly host: HostCode;
  /** Where it is counted. */
  readonly activity: ProcessActivity;
  /** Told of each job that is added. */
  readonly log?: AddedLog;
  readonly traces?: AddTraces;
}

/**
 * Passes on what only the queue itself sees: that a job was added, whichever way, that one ended outside of the executor,
 * that the worker of this process found a stalled job, or nothing more to run, and that a listener of the host failed. All
 * are local events, which need no subscription in Redis. To be called once per queue.
 */
export function bridgeQueueEvents(queue: Queue, { events, ends, host, activity, log }: EventReceivers): void {
  const { name } = queue;
  const listen = (event: string, listener: (...args: never[]) => void): void =>
    void queue.on(event, ours(listener) as (...args: unknown[]) => void);
  listen(LISTENER_FAILED, (event: string, error: unknown) =>
    host.failed(`a listener of the queue's "${event}"`, name, error),
  );
  listen(JOB_ADDED, (jobId: string, job: string, correlationId: string | undefined) => {
    activity.of(name, job).added();
    log?.queued({ queue: name, job, jobId }, correlationId);
    if (events.has('enqueued')) events.emit('enqueued', { queue: name, job, jobId });
  });
  listen(ADD_REFUSED, (job: string, error: unknown) => activity.refuse(name, job, error));
  listen(JOB_ENDED, (end: JobEnd) => {
    countEnd(end, activity);
    ends.tell(end);
  });
  listen('stalled', (job: Job) => {
    activity.of(name, job.name).crashed();
    events.emit('stalled', { queue: name, jobId: String(job.id) });
  });
  listen('drained', () => events.emit('drained', { queue: name }));
}

function countEnd(end: JobEnd, activity: ProcessActivity): void {
  const counts = activity.of(end.queue, end.job);
  if (end.outcome === 'dead-letter') counts.died(deadReason(end.failure, 'attempts_spent'));
  else if (end.outcome === 'cancelled') counts.cancelled();
  else if (end.outcome === 'expired') counts.expired();
  else if (end.outcome === 'shredded') counts.shredded();
}
