/**
 * Local event of both queue classes, `(jobId, name)`: this process added a job that was not there before, through the
 * facade, `@InjectQueue`, the board or a schedule.
 */
export const JOB_ADDED = 'enqueued';
