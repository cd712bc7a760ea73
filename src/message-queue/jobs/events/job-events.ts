import { HostCode } from '../../../kernel/host/host-code.js';
import { isOurs } from '../../../kernel/host/ours.js';
import type { ActivityDeltas } from '../activity/activity-deltas.js';
import type { AlertNotice } from './alert-notice.js';
import type { FailureRecord } from '../managed-job.js';
import type { JobProgress } from '../job-progress.js';

/** CLOSED: calls go through · OPEN: they are refused · HALF_OPEN: one probe is under way, the others are refused. */
export type BreakerState = 'CLOSED' | 'OPEN' | 'HALF_OPEN';

/** Which job an event is about. */
export interface JobEventPlace {
  readonly queue: string;
  readonly job: string;
  readonly jobId: string;
}

/** Which run of a job an event is about. */
export interface JobRunEventPlace extends JobEventPlace {
  /** From 1. */
  readonly attempt: number;
  readonly correlationId: string;
}

/** What each event carries. Process-local: a process is told about its own adds and the jobs that it runs. */
export interface JobEventMap {
  /**
   * This process added a job: by `MessageQueueService`, `@InjectQueue`, the board, or as the next run of a schedule. Once
   * per job: not for an add that found its job there already, nor for a job that goes back to waiting (retry, replay). An
   * add that rejects with "outcome unknown" is not told, though its job may be there.
   */
  readonly enqueued: JobEventPlace;
  /** A handler starts. */
  readonly active: JobRunEventPlace;
  /** A handler reported how far it is. */
  readonly progress: JobRunEventPlace & { readonly progress: JobProgress };
  readonly completed: JobRunEventPlace & { readonly result: unknown; readonly durationMs: number };
  /** An attempt failed, whatever follows: `retrying`, `deadLettered` or `cancelled` comes right after it. */
  readonly failed: JobRunEventPlace & {
    readonly error: Error;
    readonly kind: FailureRecord['kind'];
    readonly durationMs: number;
  };
  /**
   * The job runs again, `delayMs` from now. `spent`: a failed attempt was the reason; else the handler, an open circuit or a destination
   * that takes nothing for now asked for a later try.
   */
  readonly retrying: JobRunEventPlace & {
    readonly delayMs: number;
    readonly spent: boolean;
    readonly reason: string;
    /** The dependency whose open circuit is the reason. */
    readonly blockedBy?: string;
  };
  readonly deadLettered: JobRunEventPlace & { readonly error: Error; readonly failure: FailureRecord };
  /**
   * The job became a dead letter, and its key stands still until somebody releases it: comes right after `deadLettered`, in the process that ran
   * the job.
   */
  readonly parked: JobRunEventPlace & { readonly key: string };
  /** The job was not started in time (`expiresIn`), and ended without a run: `attempt` is the one that it would have been. */
  readonly expired: JobRunEventPlace;
  /**
   * A job was cancelled: before it ran (then `attempt` is the run it would have been; the process that cancelled it
   * hears) or while it ran (the process that ran it hears).
   */
  readonly cancelled: JobRunEventPlace & { readonly reason: string };
  /** A job ended because what it was about was erased, or the key of its payload destroyed: neither completed nor failed. */
  readonly shredded: JobRunEventPlace;
  /** The worker of this process found a job active without a live worker and put it back. */
  readonly stalled: { readonly queue: string; readonly jobId: string };
  /** The worker of this process found nothing more to run at once. */
  readonly drained: { readonly queue: string };
  /** A destination gets nothing more over a channel from now on (`Suppressions`). Never its address. */
  readonly suppressed: {
    /** One of SuppressionChannel. */
    readonly channel: string;
    /** One of SuppressionReason. */
    readonly reason: string;
    /** Whose it is; null where nobody said. */
    readonly recipientId: string | null;
  };
  /** A destination gets messages again. */
  readonly suppressionLifted: {
    readonly channel: string;
    /** Why it had been suppressed. */
    readonly reason: string;
    readonly recipientId: string | null;
    /** Who lifted it. */
    readonly by: string;
  };
  /** A dependency's circuit breaker changed. */
  readonly breaker: { readonly dependency: string; readonly state: BreakerState };
  /** A handler keeps running although its signal aborted a grace period ago. */
  readonly stuck: JobRunEventPlace & { readonly handler: string; readonly abortedForMs: number };
  /** This process has told the broker what it did since it last told: every few seconds, and before it answers for all processes. */
  readonly metrics: ActivityDeltas;
  /** An alert fires, still fires, or is over: told by the process that evaluates alerts, or cannot reach the broker itself. */
  readonly alert: AlertNotice;
  /** Something failed outside of any handler. */
  readonly error: { readonly queue?: string; readonly error: Error };
}

/** Name of an event. */
export type JobEventName = keyof JobEventMap;

/** What is called when an event happens. */
export type JobEventListener<Name extends JobEventName> = (event: JobEventMap[Name]) => void | Promise<void>;

interface Subscription {
  readonly listener: (event: never) => unknown;
  /** What a message calls it. */
  readonly name: string;
}

/**
 * Typed, process-local events of all queues. Injectable. A listener that throws or rejects is logged and counted, and never
 * disturbs a job or another listener. Listeners are called at once, in the order they were added, each in a context of its
 * own: it finds nothing of the request or the run that the event comes from (`AsyncLocalStorage`).
 */
export class JobEvents {
  private readonly listeners = new Map<JobEventName, Set<Subscription>>();
  private readonly counters: ((queue: string, durationMs: number) => void)[] = [];

  /** @param host guards the listeners; default: one of its own */
  constructor(private readonly host = new HostCode()) {}

  /** @returns takes the listener away again */
  on<Name extends JobEventName>(name: Name, listener: JobEventListener<Name>): () => void {
    const ofName = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, ofName);
    // An object of its own per subscription, so that the same listener can be added twice and taken away once.
    const subscription = { listener, name: `a listener of "${name}"` };
    ofName.add(subscription);
    return () => void ofName.delete(subscription);
  }

  /** Like {@link on}, for the next event only. @returns takes the listener away again */
  once<Name extends JobEventName>(name: Name, listener: JobEventListener<Name>): () => void {
    const off = this.on(name, (event) => {
      off();
      return listener(event);
    });
    return off;
  }

  /** Whether anyone listens: saves building what nobody hears. */
  has(name: JobEventName): boolean {
    return (this.listeners.get(name)?.size ?? 0) > 0;
  }

  /** Tells everyone who listens. Never throws. */
  emit<Name extends JobEventName>(name: Name, event: JobEventMap[Name]): void {
    const ofName = this.listeners.get(name);
    if (ofName === undefined || ofName.size === 0) return;
    const queue = 'queue' in event ? (event.queue ?? undefined) : undefined;
    for (const { listener, name: what } of [...ofName]) {
      if (isOurs(listener)) listener(event as never);
      else this.host.call(what, queue, () => listener(event as never));
    }
  }

  /** Calls back for every completed run, also while nobody listens for `completed`, whose event need not be built then. */
  countCompleted(counter: (queue: string, durationMs: number) => void): void {
    this.counters.push(counter);
  }

  /** A completed run is stored: for those who only count. */
  noteCompleted(queue: string, durationMs: number): void {
    for (const counter of this.counters) counter(queue, durationMs);
  }

  /** Takes all listeners away. */
  removeAll(): void {
    this.listeners.clear();
    this.counters.length = 0;
  }
}
