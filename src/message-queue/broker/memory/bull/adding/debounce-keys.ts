import type { StoredJob } from '../../store/stored-job.js';

interface DebounceKey {
  readonly jobId: string;
  /** Milliseconds since the epoch; null: until the job has finished or was removed. */
  readonly expiresAt: number | null;
}

/** Equal to Bull: which job stands for a debounce id at the moment. */
export class DebounceKeys {
  private readonly keys = new Map<string, DebounceKey>();

  /** The job that holds the key, or null. */
  holder(id: string, now: number): string | null {
    const held = this.keys.get(id);
    if (held === undefined || (held.expiresAt !== null && held.expiresAt <= now)) return null;
    return held.jobId;
  }

  /** Gives the key to a job: for `ttl` milliseconds, or until it has finished or was removed. */
  claim(debounce: { id: string; ttl?: number }, jobId: string, now: number): void {
    const expiresAt = debounce.ttl === undefined ? null : now + debounce.ttl;
    this.keys.set(debounce.id, { jobId, expiresAt });
  }

  /** The job finished: a key without a time to live ends with it. */
  finished(job: StoredJob, now: number): void {
    const id = job.options.debounce?.id;
    if (id === undefined) return;
    const held = this.keys.get(id);
    if (held !== undefined && (held.expiresAt === null || held.expiresAt <= now)) this.keys.delete(id);
  }

  /** The job was removed before it finished. */
  removed(job: StoredJob): void {
    if (job.options.debounce) this.keys.delete(job.options.debounce.id);
  }

  delete(id: string): boolean {
    return this.keys.delete(id);
  }

  clear(): void {
    this.keys.clear();
  }

  /** Forgets expired keys; called now and then so that one-time ids do not pile up. */
  sweep(now: number): void {
    for (const [id, key] of this.keys)
      if (key.expiresAt !== null && key.expiresAt <= now) this.keys.delete(id);
  }
}
