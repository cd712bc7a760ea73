type Outcome = { readonly value: unknown } | { readonly error: Error };

interface Waiter {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Those who wait for jobs to finish (`job.finished()`). */
export class FinishWaiters {
  private readonly byJob = new Map<string, Waiter[]>();

  wait(jobId: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const waiters = this.byJob.get(jobId);
      if (waiters === undefined) this.byJob.set(jobId, [{ resolve, reject }]);
      else waiters.push({ resolve, reject });
    });
  }

  get size(): number {
    return this.byJob.size;
  }

  settle(jobId: string, outcome: Outcome): void {
    const waiters = this.byJob.get(jobId);
    if (waiters === undefined) return;
    this.byJob.delete(jobId);
    for (const waiter of waiters) {
      if ('error' in outcome) waiter.reject(outcome.error);
      else waiter.resolve(outcome.value);
    }
  }

  /** The queue closes: nobody will tell them any more. */
  abandon(): void {
    for (const jobId of [...this.byJob.keys()]) {
      this.settle(jobId, { error: new Error('cannot check if job is finished in a closing queue.') });
    }
  }
}
