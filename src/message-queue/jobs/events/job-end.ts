import { HostCode } from '../../../kernel/host/host-code.js';
import { inOwnContext } from '../../../kernel/host/root-context.js';
import type { Clock } from '../../../kernel/time/clock.js';
import type { JobEvents, JobRunEventPlace } from './job-events.js';
import { isSealed, SEALED_FIELD } from '../sealing/payload-seal.js';
import type { PayloadSeal } from '../sealing/payload-seal.js';
import type { FailureRecord } from '../managed-job.js';

/** A job that has ended, and the run that was its last: of one that was cancelled before it ran, or expired, the run it would have been. */
export interface EndedJob extends JobRunEventPlace {
  /**
   * The payload, not validated; undefined when nobody can read it, or when it was erased and the answer of Redis that brought it lost. Of one that was sealed and does not open, only what stayed readable.
   * Message content: keep it out of logs.
   */
  readonly payload: unknown;
}

/** How a job ended, for good unless somebody replays it: then it ends once more. */
export type JobEnd = EndedJob &
  (
    | { readonly outcome: 'completed'; readonly result: unknown; readonly durationMs: number }
    | { readonly outcome: 'dead-letter'; readonly error: Error; readonly failure: FailureRecord }
    | { readonly outcome: 'cancelled'; readonly reason: string }
    | { readonly outcome: 'expired' }
    | { readonly outcome: 'shredded' }
  );

/**
 * A processor class may implement it to hear how the jobs of its queue end. Told once per end, after the end is stored, in
 * the process that decided it: the worker that ran the job or found it expired, or the process that cancelled or
 * erased a waiting one, also one that runs no jobs. Dead letters that are discarded were told when they died; jobs that are removed by hand (`remove`, `clean`,
 * `purge`, `obliterate`) have no end. A process that is killed between storing an end and telling it tells nothing.
 */
export interface JobEndListener {
  /** What it throws or rejects with is logged and counted, and after 10 s nobody waits for it any more: the job is not affected. */
  onJobEnd(end: JobEnd): void | Promise<void>;
}

/** How long a listener may take until nobody waits for it, milliseconds. */
const LONGEST_TELLING_MS = 10_000;

interface NamedListener {
  readonly name: string;
  readonly listener: JobEndListener;
}

/** Tells how jobs end: one place for the hook `onJobEnd` and the events `completed`, `deadLettered`, `cancelled`, `expired` and `shredded`. */
export class JobEnds {
  private readonly listeners = new Map<string, NamedListener[]>();
  private readonly seals = new Map<string, PayloadSeal>();
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly events: JobEvents,
    private readonly clock: Clock,
    /** Guards the listeners; default: one of its own. */
    private readonly host = new HostCode(),
  ) {}

  /** @param name of the listener's class, for logs */
  listen(queue: string, name: string, listener: JobEndListener): void {
    this.listeners.set(queue, [...(this.listeners.get(queue) ?? []), { name, listener }]);
  }

  /** What opens the payloads of a queue's jobs that end without having run. */
  openWith(queue: string, seal: PayloadSeal): void {
    this.seals.set(queue, seal);
  }

  /** Whether anyone listens for completed jobs: saves building what nobody receives. */
  hearsCompleted(queue: string): boolean {
    return this.listeners.has(queue) || this.events.has('completed');
  }

  /** Tells everyone. To be called once per end, when it is stored. Never throws. */
  tell(end: JobEnd): void {
    this.emit(end);
    const listeners = this.listeners.get(end.queue);
    if (listeners === undefined) return;
    if (!isSealed(end.payload)) for (const { name, listener } of listeners) this.call(name, listener, end);
    else
      this.await(
        this.opened(end).then((it) =>
          listeners.forEach(({ name, listener }) => this.call(name, listener, it)),
        ),
      );
  }

  /** Resolves when every listener that was told has settled, or has taken too long. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  private emit(end: JobEnd): void {
    const { queue, job, jobId, attempt, correlationId } = end;
    const place = { queue, job, jobId, attempt, correlationId };
    switch (end.outcome) {
      case 'completed':
        this.events.emit('completed', {
          ...place,
          // Read only for a listener that looks at it.
          get result() {
            return end.result;
          },
          durationMs: end.durationMs,
        });
        return;
      case 'dead-letter':
        this.events.emit('deadLettered', { ...place, error: end.error, failure: end.failure });
        return;
      case 'cancelled':
        this.events.emit('cancelled', { ...place, reason: end.reason });
        return;
      case 'expired':
        this.events.emit('expired', place);
        return;
      case 'shredded':
        this.events.emit('shredded', place);
    }
  }

  private call(name: string, listener: JobEndListener, end: JobEnd): void {
    let answer: void | Promise<void>;
    try {
      answer = inOwnContext(() => listener.onJobEnd(end));
    } catch (error) {
      this.report(name, end, error);
      return;
    }
    if (answer === undefined) return;
    this.await(this.waitFor(name, answer, end));
  }

  private await(telling: Promise<void>): void {
    const told = telling.finally(() => this.underWay.delete(told));
    this.underWay.add(told);
  }

  /** Never rejects. */
  private async opened<End extends JobEnd>(end: End): Promise<End> {
    const { [SEALED_FIELD]: _sealed, ...readable } = end.payload as Readonly<Record<string, unknown>>;
    try {
      const opened = await this.seals.get(end.queue)?.open({ job: end.job, jobId: end.jobId }, end.payload);
      if (opened !== undefined && opened !== 'shredded') return { ...end, payload: opened.data };
    } catch {
      // What it does not open for was told where it ended, or shows in health.
    }
    return { ...end, payload: readable };
  }

  private waitFor(name: string, answer: Promise<void>, end: JobEnd): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(() => {
        this.report(name, end, new Error(`It took longer than ${LONGEST_TELLING_MS} ms.`));
        resolve();
      }, LONGEST_TELLING_MS);
      Promise.resolve(answer)
        .catch((error: unknown) => this.report(name, end, error))
        .finally(() => {
          timer.cancel();
          resolve();
        });
    });
  }

  private report(name: string, { queue, outcome }: JobEnd, error: unknown): void {
    this.host.failed(`onJobEnd of ${name} (${outcome})`, queue, error);
  }
}
