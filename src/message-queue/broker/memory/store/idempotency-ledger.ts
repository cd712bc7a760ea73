import type { AddRequest } from '../../broker.js';
import { keyConflict } from '../../rules/add-errors.js';

interface Entry {
  readonly fingerprint: string;
  readonly jobId: string;
  readonly expiresAt: number;
}

type Idempotency = NonNullable<AddRequest['idempotency']>;

const SWEEP_EVERY = 1_000;

/** Which keys were used in one queue, for which payload, and the job each stands for; also after the job is gone. */
export class IdempotencyLedger {
  private readonly entries = new Map<string, Entry>();
  private writesToSweep = SWEEP_EVERY;

  constructor(private readonly queue: string) {}

  get size(): number {
    return this.entries.size;
  }

  /**
   * The job a key stands for, or null when it is free.
   * @throws IdempotencyConflictError when the key was used with another payload
   */
  find(idempotency: Idempotency, job: string, now: number): string | null {
    const entry = this.entries.get(idempotency.key);
    if (entry === undefined || entry.expiresAt <= now) return null;
    if (entry.fingerprint === idempotency.fingerprint) return entry.jobId;
    throw keyConflict({ queue: this.queue, job, jobId: entry.jobId }, idempotency, entry.fingerprint);
  }

  /** Frees the keys that stand for these jobs. */
  forget(jobIds: ReadonlySet<string>): void {
    for (const [key, { jobId }] of this.entries) if (jobIds.has(jobId)) this.entries.delete(key);
  }

  remember(idempotency: Idempotency, jobId: string, now: number): void {
    const { key, fingerprint, ttlMs } = idempotency;
    this.entries.set(key, { fingerprint, jobId, expiresAt: now + ttlMs });
    this.writesToSweep -= 1;
    if (this.writesToSweep > 0) return;
    for (const [known, entry] of this.entries) if (entry.expiresAt <= now) this.entries.delete(known);
    // As many writes as entries were left: the cost stays constant per write.
    this.writesToSweep = Math.max(SWEEP_EVERY, this.entries.size);
  }
}
