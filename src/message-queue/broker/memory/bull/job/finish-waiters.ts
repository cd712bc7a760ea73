interface Waiter {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Equal to Bull: those who wait for jobs to finish (`job.finished()`). */
export class FinishWaiters {
  private readonly byJob = new Map<string, Waiter[]>();

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
      else waiter.resolve(text === undefined ? undefined : JSON.parse(text));
    }
  }

  /** The queue closes: nobody will tell them any more. */
  abandon(): void {
    for (const jobId of [...this.byJob.keys()]) {
      for (const waiter of this.take(jobId)) waiter.reject(closingQueue());
    }
  }

  private take(jobId: string): readonly Waiter[] {
    const waiters = this.byJob.get(jobId) ?? [];
    this.byJob.delete(jobId);
    return waiters;
  }
}

/** The error of whoever waits for a job of a queue that closes. */
export function closingQueue(): Error {
  return new Error('cannot check if job is finished in a closing queue.');
}
