import type { StoredEvent } from '../buffer/buffer-words.js';
import { EventTimeoutError } from '../events/errors.js';
import type { ErrorRecord } from '../events/event-words.js';
import { inRootContext } from '../../kernel/host/root-context.js';
import type { ConsumerCells, EventSource, RunOutcomes } from './consumer-words.js';
import { Doze } from './doze.js';
import type { DozeSurroundings } from './doze.js';
import { errorRecordOf } from './error-record.js';
import { LazySignal } from './lazy-signal.js';
import { Runs } from './runs.js';
import type { Run } from './runs.js';

/** How long a handler that was told to stop may take to settle, milliseconds. */
const GRACE_MS = 5_000;
/** How often it is looked whether a run takes too long, at least and at most. */
const [LONGEST_LOOK_MS, SHORTEST_LOOK_MS] = [1_000, 5];
/** How long it claims at most before it lets its thread go on, milliseconds: handlers may take long until they first await. */
const LONGEST_TURN_MS = 10;

/** What a consumer is made of. */
export interface ConsumerParts {
  readonly source: EventSource;
  readonly cells: ConsumerCells;
  readonly outcomes: RunOutcomes;
  /** Runs the handlers of an event; see `EventRunner.run`. */
  readonly run: (event: StoredEvent, signal: LazySignal) => unknown;
  /** Milliseconds since the epoch with fractions, as `emittedAt` was taken. */
  readonly now: () => number;
  /** Told what a listener of `ctx.signal` throws. Must not throw. */
  readonly listenerFailed: (error: unknown) => void;
  /** Events at once. */
  readonly concurrency: number;
  /** Events that it claims before it lets timers and sockets of its thread go on. */
  readonly perTurn: number;
  readonly handlerTimeoutMs: number;
  /** Null: it sleeps at once. */
  readonly doze: DozeSurroundings | null;
}

/**
 * Claims events and runs them: the same code in a worker thread and in the app's. It rests when there is nothing to claim, and says so first:
 * who puts an event after that rings unless it dozes, and what was put before it finds on a second look.
 */
export class EventConsumer {
  private readonly runs = new Runs();
  private claimed = 0;
  private turnBegan = 0;
  private turn: NodeJS.Immediate | undefined;
  private look: NodeJS.Timeout | undefined;
  /** The suspect that runs now. */
  private alone: StoredEvent | undefined;
  private isStopped = false;
  private whenIdle: (() => void)[] = [];
  private readonly doze: Doze | null;

  constructor(private readonly parts: ConsumerParts) {
    const { doze, source } = parts;
    this.doze = doze && new Doze({ ...doze, look: () => this.wake(), isBehind: () => source.hasReady() });
  }

  /** How many events run. */
  get running(): number {
    return this.runs.size;
  }

  /** There is something to claim, perhaps: the bell. */
  wake(): void {
    if (this.turn !== undefined) return;
    this.claimed = 0;
    // Whoever rings may be in the middle of a request.
    inRootContext(() => this.fill());
  }

  /** Claims nothing more. @returns when what runs has settled, or has been given up */
  stop(): Promise<void> {
    this.isStopped = true;
    this.parts.cells.rise();
    this.doze?.stop();
    if (this.turn !== undefined) clearImmediate(this.turn);
    this.turn = undefined;
    if (this.runs.size === 0) return Promise.resolve();
    return new Promise((resolve) => void this.whenIdle.push(resolve));
  }

  /** Goes on after {@link stop}. */
  resume(): void {
    this.isStopped = false;
    this.wake();
  }

  /** Tells all handlers that run to stop. Their runs end as their handlers do. */
  abort(reason: Error): void {
    for (const { signal } of this.runs.now()) signal.abort(reason);
  }

  private fill(): void {
    const { concurrency, perTurn, cells, now } = this.parts;
    while (!this.isStopped && this.alone === undefined && this.runs.size < concurrency) {
      const at = now();
      if (this.claimed === 0) this.turnBegan = at;
      if (this.claimed >= perTurn || at - this.turnBegan >= LONGEST_TURN_MS) {
        this.goOnNextTurn();
        return;
      }
      // Counted before it is known whether there is one: so a source that promises too much cannot hold the thread.
      this.claimed += 1;
      if (cells.draining) return;
      if (this.suspectsWait()) {
        // A suspect runs when nothing else does: so it is known who a thread dies of. Whatever ends next comes back here.
        if (this.runs.size > 0) return;
        this.runSuspect(at);
      } else {
        const event = this.parts.source.next();
        if (event !== null) this.begin(event, at);
        else if (this.rests(at)) return;
      }
    }
  }

  private suspectsWait(): boolean {
    return this.parts.source.hasSuspects?.() === true;
  }

  private runSuspect(at: number): void {
    const event = this.parts.source.nextSuspect?.() ?? null;
    if (event === null) return;
    this.alone = event;
    this.parts.cells.alone = event.slot;
    this.begin(event, at);
  }

  /** @returns false when an event came between the last look and the word that it rests */
  private rests(at: number): boolean {
    const { cells, source } = this.parts;
    // What still runs could keep its thread from looking.
    const dozes = this.runs.size === 0 && this.doze?.isLight(at) === true;
    cells.rest(dozes);
    const isReady = source.hasReady() || this.suspectsWait();
    if (isReady) cells.rise();
    else if (dozes) this.doze.begin();
    return !isReady;
  }

  private goOnNextTurn(): void {
    this.turn ??= setImmediate(() => {
      this.turn = undefined;
      this.claimed = 0;
      this.fill();
    });
  }

  private begin(event: StoredEvent, startedAt: number): void {
    const { cells, run, listenerFailed } = this.parts;
    cells.rise();
    this.doze?.found(startedAt);
    const started = this.runs.begin(event, new LazySignal(listenerFailed), startedAt);
    cells.running = this.runs.size;
    // What waits for a further run waits on purpose, and a suspect has run before.
    if (event.attempts === 0 && event.crashes === 0 && this.alone === undefined) {
      cells.started(startedAt - event.emittedAt);
    }
    this.look ??= this.newLook();
    try {
      const answer = run(event, started.signal);
      // Whatever may have a `then` is awaited, as an async function would.
      if ((typeof answer === 'object' && answer !== null) || typeof answer === 'function') {
        // One promise fewer than with `await`: Node 20 and 22 follow each with hooks.
        void Promise.resolve(answer).then(
          () => this.settled(started),
          (error: unknown) => this.settled(started, errorRecordOf(error)),
        );
        return;
      }
    } catch (error) {
      this.end(started, errorRecordOf(error));
      return;
    }
    this.end(started);
  }

  private settled(run: Run, failure?: ErrorRecord): void {
    this.end(run, failure);
    this.fill();
  }

  /** Ends a run, unless it was given up before. */
  private end(run: Run, failure?: ErrorRecord): void {
    if (!this.runs.end(run)) return;
    const { cells, outcomes, now } = this.parts;
    const error = run.stopped === undefined ? failure : this.tooLong(run.stopped.reason, failure);
    cells.ended(now() - run.startedAt);
    if (error !== undefined) cells.failed = (cells.failed + 1) | 0;
    cells.running = this.runs.size;
    if (error === undefined) outcomes.done(run.event);
    else outcomes.failed(run.event, error);
    if (this.alone === run.event) {
      this.alone = undefined;
      cells.alone = -1;
    }
    if (this.runs.size === 0) for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  /** One timer for all runs, which looks now and then: a timer of its own would be a large part of what an event costs. */
  private newLook(): NodeJS.Timeout {
    const everyMs = Math.min(LONGEST_LOOK_MS, Math.max(SHORTEST_LOOK_MS, this.parts.handlerTimeoutMs / 10));
    return setInterval(() => this.lookForLongRuns(), everyMs).unref();
  }

  private lookForLongRuns(): void {
    if (this.runs.size === 0) {
      clearInterval(this.look);
      this.look = undefined;
      return;
    }
    const now = this.parts.now();
    for (const run of this.runs.now()) {
      if (now - run.startedAt < this.parts.handlerTimeoutMs) continue;
      if (run.stopped === undefined) this.tellToStop(run, now);
      else if (now - run.stopped.at >= GRACE_MS) this.giveUp(run);
    }
  }

  private tellToStop(run: Run, now: number): void {
    const reason = new EventTimeoutError(
      `A handler took longer than threads.handlerTimeoutMs (${this.parts.handlerTimeoutMs} ms).`,
    );
    run.stopped = { at: now, reason };
    run.signal.abort(reason);
  }

  /** Its handler has not settled in time: others may go on. Whatever it does from now on counts no more. */
  private giveUp(run: Run): void {
    this.end(run);
    this.fill();
  }

  private tooLong(reason: EventTimeoutError, failure: ErrorRecord | undefined): ErrorRecord {
    const record = errorRecordOf(reason);
    if (failure === undefined || failure.code === reason.code) return record;
    const { cause: _, ...cause } = failure;
    return { ...record, cause };
  }
}
