import type { Clock } from '../../kernel/time/clock.js';
import type { Hold, StoredEvent } from '../buffer/buffer-words.js';
import { WorkerCrashedError } from '../events/errors.js';
import type { ErrorRecord, HandlerPlace } from '../events/event-words.js';
import { RetryTimers } from './retry-timers.js';
import type { HeldEvents } from './settled-events.js';

/** How much longer than configured a retry waits at most, so that what failed together does not come back together. */
const JITTER = 0.1;

/** What emits are refused with while the bus shuts down: see `EventBusClosedError`. */
const CLOSED = 'EVENT_BUS_CLOSED';

/** What settling is made of. */
export interface SettlementParts {
  readonly events: HeldEvents;
  readonly clock: Clock;
  /** Runs after the first. */
  readonly retryAttempts: number;
  /** Milliseconds before the second run, the third …; the last holds for all further ones. */
  readonly retryDelays: readonly number[];
  /** Deaths of a thread that ran an event alone, until it is a dead letter. */
  readonly maxCrashes: number;
  /** Where a type's handlers run now. @param type its number */
  readonly placeOf: (type: number) => HandlerPlace;
  /** Keeps an event that failed for good; its slot is free after it. */
  readonly bury: (event: StoredEvent, error: ErrorRecord) => void;
  /** An event can be claimed again. */
  readonly isReady: (place: HandlerPlace) => void;
  /** Slots were freed here, not by whoever ran the event. */
  readonly freed: () => void;
  /** From 0 to 1, as `Math.random`. */
  readonly random: () => number;
}

/**
 * Decides what becomes of an event whose run did not succeed: another attempt, a dead letter, or, when its thread died,
 * a run of its own. The only place that decides it, in the app's thread.
 */
export class Settlement {
  private readonly timers: RetryTimers;
  private retried = 0;
  private crashed = 0;
  private left = 0;
  private isClosing = false;
  private isStopped = false;

  constructor(private readonly parts: SettlementParts) {
    this.timers = new RetryTimers(parts.clock, (slot) => this.giveOut(slot));
  }

  /** Attempts after the first that were planned since the start. */
  get retries(): number {
    return this.retried;
  }

  /** Deaths of threads that ran one event alone. */
  get crashes(): number {
    return this.crashed;
  }

  /** Events that wait for their next attempt. */
  get waiting(): number {
    return this.timers.waiting;
  }

  /** Events whose runs failed because the bus shuts down: nothing is done with them any more. */
  get leftAlone(): number {
    return this.left;
  }

  /** A run failed. Told late, of an event that is somebody else's by now, it changes nothing. */
  failed(hold: Hold, error: ErrorRecord): void {
    const { events, retryAttempts } = this.parts;
    if (!events.hold(hold)) return;
    if (this.isStopped || (this.isClosing && isOfClosedBus(error))) {
      this.left += 1;
      return;
    }
    const failures = events.failedOnce(hold.slot);
    if (failures > retryAttempts) {
      this.bury(hold.slot, error);
      this.parts.freed();
      return;
    }
    this.retried += 1;
    this.timers.add(hold.slot, this.delayBefore(failures));
  }

  /**
   * A thread is gone: what it held is given out again. Events that ran beside others when it died are suspects, each of which
   * runs alone; only a death while alone counts against an event.
   * @param how.alone whether it ran one suspect and nothing else
   * @param how.planned it was told to go: nobody is to blame
   */
  died(owner: number, how: { readonly alone: boolean; readonly planned: boolean }): void {
    const { events, maxCrashes } = this.parts;
    let hasFreed = false;
    for (const slot of events.heldBy(owner)) {
      const event = events.read(slot);
      if (!events.hold(event)) continue;
      if (how.planned) this.giveOut(slot);
      else if (!how.alone) this.suspect(slot);
      else {
        this.crashed += 1;
        const crashes = events.crashedOnce(slot);
        if (crashes < maxCrashes) this.suspect(slot);
        else {
          hasFreed = true;
          this.bury(slot, crashedRecord(crashes));
        }
      }
    }
    if (hasFreed) this.parts.freed();
  }

  /** A suspect that has killed a thread before, where only the app's own thread is left to run it: that is not risked. */
  giveUp(hold: Hold): void {
    const { events } = this.parts;
    if (!events.hold(hold)) return;
    this.bury(hold.slot, crashedRecord(events.read(hold.slot).crashes));
    this.parts.freed();
  }

  /** Emits are refused from now on: a run that fails of that counts for nothing, and its event stays in the buffer. */
  close(): void {
    this.isClosing = true;
  }

  /** No attempt is made any more: what waits for one, or fails from now on, stays in the buffer. */
  stop(): void {
    this.isStopped = true;
    this.timers.stop();
  }

  private suspect(slot: number): void {
    this.parts.events.ready(slot, 'suspects', 'threads');
    this.parts.isReady('threads');
  }

  private giveOut(slot: number): void {
    const { events, placeOf, isReady } = this.parts;
    const place = placeOf(events.read(slot).type);
    events.ready(slot, 'own', place);
    isReady(place);
  }

  private bury(slot: number, error: ErrorRecord): void {
    this.parts.bury(this.parts.events.read(slot), error);
    this.parts.events.free(slot);
  }

  private delayBefore(failures: number): number {
    const { retryDelays, random } = this.parts;
    const delay = retryDelays[Math.min(failures, retryDelays.length) - 1] ?? 0;
    return delay * (1 + JITTER * random());
  }
}

/** Whether a handler failed since what it emitted was refused, or an error of its own says so. */
function isOfClosedBus({ code, cause }: ErrorRecord): boolean {
  return code === CLOSED || cause?.code === CLOSED;
}

function crashedRecord(crashes: number): ErrorRecord {
  const times = crashes === 1 ? 'A thread' : `${crashes} threads`;
  const { name, message, code } = new WorkerCrashedError(
    `${times} died while running nothing but this event. ` +
      'Its handler ends the process, leaves errors of callbacks uncaught, or needs more heap than memoryLimits.workerHeapMB.',
  );
  return { name, message, code };
}
