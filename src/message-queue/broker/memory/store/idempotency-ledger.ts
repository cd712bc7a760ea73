import type { IdempotentAdd } from '../../broker.js';
import type { UsedKey } from '../../rules/used-key.js';
import { MinHeap } from './lanes/min-heap.js';

interface Entry extends UsedKey {
  readonly expiresAt: number;
}

/** When a key is forgotten, first to last. What was used anew meanwhile, or freed, is left out when it comes up. */
interface Expiry {
  readonly name: string;
  readonly at: number;
}

/** Which keys were used in one queue, each by one name, for which payload, and the job each stands for; also after the job is gone. */
export class IdempotencyLedger {
  private readonly entries = new Map<string, Entry>();
  private readonly expiries = new MinHeap<Expiry>(({ at }) => at);
  /** Keys forgotten before their time: how many ever, and when the last one was, milliseconds since the epoch. */
  forgotten = 0;
  forgottenAt: number | null = null;

  /** @param most keys that are remembered at a time */
  constructor(private readonly most = Number.POSITIVE_INFINITY) {}

  get size(): number {
    return this.entries.size;
  }

  /** What a key stands for under the first of its names that is known; undefined when it is free. */
  find({ names }: IdempotentAdd, now: number): UsedKey | undefined {
    for (const name of names) {
      const entry = this.entries.get(name);
      if (entry !== undefined && entry.expiresAt > now) return entry;
    }
    return undefined;
  }

  /** Frees the keys that stand for these jobs. */
  forget(jobIds: ReadonlySet<string>): void {
    for (const [name, { jobId }] of this.entries) if (jobIds.has(jobId)) this.entries.delete(name);
  }

  remember({ names, fingerprint, ttlMs }: IdempotentAdd, jobId: string, now: number): void {
    const [name = ''] = names;
    const expiresAt = now + ttlMs;
    this.entries.set(name, { fingerprint, jobId, expiresAt });
    this.expiries.push({ name, at: expiresAt });
    for (let next = this.expiries.peek(); next !== undefined; next = this.expiries.peek()) {
      const isStale = this.entries.get(next.name)?.expiresAt !== next.at;
      if (!isStale && next.at > now) {
        if (this.entries.size <= this.most) break;
        this.forgotten += 1;
        this.forgottenAt = now;
      }
      this.expiries.pop();
      if (!isStale) this.entries.delete(next.name);
    }
  }
}
