import type { AddRequest } from '../../broker.js';
import { keyConflict } from '../../rules/add-errors.js';
import { MinHeap } from './lanes/min-heap.js';

interface Entry {
  readonly fingerprint: string;
  readonly jobId: string;
  readonly expiresAt: number;
}

type Idempotency = NonNullable<AddRequest['idempotency']>;

/** When a key is forgotten, first to last. What was used anew meanwhile, or freed, is left out when it comes up. */
interface Expiry {
  readonly key: string;
  readonly at: number;
}

/** Which keys were used in one queue, for which payload, and the job each stands for; also after the job is gone. */
export class IdempotencyLedger {
  private readonly entries = new Map<string, Entry>();
  private readonly expiries = new MinHeap<Expiry>(({ at }) => at);
  /** Keys forgotten before their time: how many ever, and when the last one was, milliseconds since the epoch. */
  forgotten = 0;
  forgottenAt: number | null = null;

  /** @param most keys that are remembered at a time */
  constructor(
    private readonly queue: string,
    private readonly most = Number.POSITIVE_INFINITY,
  ) {}

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
    const expiresAt = now + ttlMs;
    this.entries.set(key, { fingerprint, jobId, expiresAt });
    this.expiries.push({ key, at: expiresAt });
    for (let next = this.expiries.peek(); next !== undefined; next = this.expiries.peek()) {
      const isStale = this.entries.get(next.key)?.expiresAt !== next.at;
      if (!isStale && next.at > now) {
        if (this.entries.size <= this.most) break;
        this.forgotten += 1;
        this.forgottenAt = now;
      }
      this.expiries.pop();
      if (!isStale) this.entries.delete(next.key);
    }
  }
}
