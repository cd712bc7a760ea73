import { MessageQueueError } from '../../kernel/errors.js';

/**
 * A job that ran where it was added did not succeed: with the provider `sync` its add rejects with this. The job is a dead letter already, whatever
 * attempts it has: who adds it tries again, as with any call. `cause` is what its handler threw; of a sealed queue as everybody is told of it.
 */
export class JobFailedError extends MessageQueueError {
  readonly code = 'JOB_FAILED';
  /** Of the dead letter. */
  declare readonly jobId: string;
  declare readonly cause: Error;

  constructor(place: {
    readonly queue: string;
    readonly job: string;
    readonly jobId: string;
    readonly cause: Error;
  }) {
    super(
      `Job "${place.job}" (${place.jobId}) of queue "${place.queue}" failed where it was added, and is a dead letter; see its cause.`,
      place,
    );
  }
}

/** Jobs that run where they are added added others, each the next, too many deep: this one was not added. */
export class SyncDepthError extends MessageQueueError {
  readonly code = 'SYNC_DEPTH';
}
