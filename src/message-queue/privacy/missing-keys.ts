/** A job that waits for its key asks for it every few seconds. */
const SEEN_MS = 30_000;
/** Of each key; more are not counted. */
const MOST_JOBS = 10_000;
const MOST_KEYS = 1_000;

/** The keys that jobs of a queue wait for. */
export class MissingKeys {
  /** When a job was seen last, on the steady clock, by key and job id. */
  private readonly waiting = new Map<string, Map<string, number>>();

  note(keyId: string, jobId: string): void {
    const jobs = this.waiting.get(keyId) ?? new Map<string, number>();
    if (jobs.size >= MOST_JOBS || (jobs.size === 0 && this.waiting.size >= MOST_KEYS)) return;
    this.waiting.set(keyId, jobs.set(jobId, performance.now()));
  }

  seen(): { readonly keyId: string; readonly jobs: number }[] {
    const since = performance.now() - SEEN_MS;
    for (const [keyId, jobs] of this.waiting) {
      for (const [jobId, at] of jobs) if (at < since) jobs.delete(jobId);
      if (jobs.size === 0) this.waiting.delete(keyId);
    }
    return [...this.waiting].map(([keyId, jobs]) => ({ keyId, jobs: jobs.size }));
  }
}
