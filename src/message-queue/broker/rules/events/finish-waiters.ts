import { JobNotFoundError } from '../../../jobs/errors.js';

interface Waiter {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Those who wait for jobs of a queue to finish (`job.finished()`): each is told, also when no end can come any more. */
export class FinishWaiters {
  private readonly byJob = new Map<string, Waiter[]>();

  constructor(private readonly queue: string) {}

  /** The jobs that somebody waits for. */
  get jobIds(): readonly string[] {
    return [...this.byJob.keys()];
  }

  /** Settles as the job ends. @throws JobNotFoundError when it is gone before; Error when the queue closes before */
  wait(jobId: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const waiters = this.byJob.get(jobId);
      if (waiters === undefined) this.byJob.set(jobId, [{ resolve, reject }]);
      else waiters.push({ resolve, reject });
    });
  }

  /** @param text the result as JSON, or the message of the error */
  settle(jobId: string, state: 'completed' | 'failed', text: string | undefined): void {
    if (this.byJob.size === 0) return;
    for (const waiter of this.take(jobId)) {
      if (state === 'failed') waiter.reject(new Error(text));
      else waiter.resolve(resultIn(text));
    }
  }

  /** The job is gone, and its end with it. */
  forget(jobId: string): void {
    if (this.byJob.size === 0) return;
    for (const waiter of this.take(jobId)) waiter.reject(goneJob(this.queue, jobId));
  }

  /** All jobs are gone. */
  forgetAll(): void {
    for (const jobId of this.jobIds) this.forget(jobId);
  }

  /** The queue closes: nobody will tell them any more. */
  abandon(): void {
    for (const jobId of this.jobIds) {
      for (const waiter of this.take(jobId)) waiter.reject(closingQueue());
    }
  }

  private take(jobId: string): readonly Waiter[] {
    const waiters = this.byJob.get(jobId) ?? [];
    this.byJob.delete(jobId);
    return waiters;
  }
}

/** The error of whoever waits for a job of a queue that closes, in Bull's words. */
export function closingQueue(): Error {
  return new Error('cannot check if job is finished in a closing queue.');
}

/** The error of whoever waits for a job that is not there. */
export function goneJob(queue: string, jobId: string): JobNotFoundError {
  const message = `Job "${jobId}" of queue "${queue}" is gone: it was removed, or it ended and its end was not kept.`;
  return new JobNotFoundError(message, { queue, jobId });
}

/** As Bull: what cannot be read counts as no result. */
function resultIn(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}
