/**
 * Local event of every queue, `(jobId, name, correlationId)`, the last where the job has one of its own: this process added a job that was not there before, through the facade,
 * `@InjectQueue`, the board or a schedule.
 */
export const JOB_ADDED = 'enqueued';

/** Local event of every queue, `(name, error)`: an add by Bull's own `add` or `addBulk` was refused. */
export const ADD_REFUSED = 'add-refused';

/**
 * Local event of every queue, with a `JobEnd`: this process stored the end of a job that its executor did not decide.
 * The job was cancelled while it waited, nobody can read it, or its last run broke.
 */
export const JOB_ENDED = 'ended';

/** Local event of every queue, `(event, error)`: a listener of `event` threw, or its promise was rejected. */
export const LISTENER_FAILED = 'listener-failed';
