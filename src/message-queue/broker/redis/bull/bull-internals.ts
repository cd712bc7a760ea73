import Bull from 'bull';
import type { Job, JobOptions, Queue } from 'bull';
import type { ChainableCommander } from 'ioredis';

/** What we use of Bull's queue beyond its published types (Bull 4.16.5, its last release). */
export interface BullQueueInternals {
  readonly token: string;
  readonly keyPrefix: string;
  /** Set while the queue is paused in this process. */
  paused?: Promise<void> | null;
  resumeLocal?: () => void;
  readonly closing?: Promise<void>;
  /** Whether the last look found no job. */
  readonly drained: boolean;
  readonly settings: { readonly drainDelay: number };
  readonly moveToActive: (this: Queue<object>) => Promise<Job<object> | null | undefined>;
  /** Subscribes to what a listener wants to hear. */
  _registerEvent: (this: Queue<object>, event: string) => Promise<unknown>;
  getJobFromId: (id: string, options?: { readonly excludeData?: boolean }) => Promise<Job | null | undefined>;
}

/** Bull's own methods, with what their types leave out. */
export const bullMethods = Bull.prototype as unknown as {
  readonly nextJobFromJobData: (
    this: Queue<object>,
    hash: Readonly<Record<string, string | undefined>> | null,
    id: string,
  ) => Promise<Job<object>> | Job<object> | null;
  readonly _registerEvent: BullQueueInternals['_registerEvent'];
};

/** What we use of Bull's job beyond its published types. */
export interface BullJobInternals {
  debounceId?: string;
  delay: number;
  _progress: unknown;
  toKey: (type: string) => string;
}

interface BullJobClass {
  new (queue: Queue, name: string, data: unknown, options: JobOptions): Job & BullJobInternals;
  readonly prototype: Job &
    BullJobInternals & { _saveAttempt(multi: ChainableCommander, error: Error): void };
}

/** Bull's job class, which its types hide. */
export const BullJob = (Bull as unknown as { Job: BullJobClass }).Job;

/** Bull's private side of a queue. */
export function internalsOf(queue: Queue): BullQueueInternals {
  return queue as unknown as BullQueueInternals;
}
