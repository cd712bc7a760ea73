import type { Clock, ClockTimer } from '../../../kernel/time/clock.js';
import { SUSPECTS } from '../../buffer/buffer-words.js';
import { sumOf } from './bell.js';
import type { PoolBuffer, PoolCells } from './pool-words.js';

/** How often the app's thread looks at its threads, milliseconds. */
const LOOK_MS = 100;
const SHORTEST_LOOK_MS = 5;
/** How often threads beat, at most and at least. */
const BEAT_MS = 250;
const BEATS_PER_TIMEOUT = 4;
/** Events, a thread that could run them, and no claim for so long: a wake-up was lost. */
const STALLED_MS = 1_000;

/** How often a thread is to beat, so that one that runs an endless loop is told from one that is busy. */
export function beatEveryMs(handlerTimeoutMs: number): number {
  return Math.max(1, Math.min(BEAT_MS, Math.floor(handlerTimeoutMs / BEATS_PER_TIMEOUT)));
}

/** A thread that is watched. */
export interface Watched {
  readonly owner: number;
  readonly cells: PoolCells;
}

/** What a watch is made of. */
export interface WatchParts<T extends Watched> {
  readonly clock: Clock;
  readonly buffer: PoolBuffer;
  readonly handlerTimeoutMs: number;
  readonly concurrency: number;
  /** Those that have booted and not ended, whether they may claim or not. */
  readonly threads: () => readonly T[];
  /** It has not beaten for `handlerTimeoutMs`. */
  readonly hung: (thread: T) => void;
  /** Events that nobody was rung for, perhaps. */
  readonly waiting: () => void;
  /** A wake-up was lost (rule 23). */
  readonly stalled: () => void;
}

interface Pulse {
  readonly beats: number;
  readonly silentMs: number;
}

/** Looks at all threads now and then: does each still answer, and does somebody claim what is ready? */
export class PoolWatch<T extends Watched> {
  private timer: ClockTimer | null = null;
  private lookedAt = 0;
  private pulses = new Map<T, Pulse>();
  private claims = 0;
  private unclaimedMs = 0;
  private readonly clock: Clock;
  private readonly everyMs: number;

  constructor(private readonly parts: WatchParts<T>) {
    this.clock = parts.clock.steady();
    this.everyMs = Math.max(SHORTEST_LOOK_MS, Math.min(LOOK_MS, parts.handlerTimeoutMs / BEATS_PER_TIMEOUT));
  }

  start(): void {
    if (this.timer !== null) return;
    this.lookedAt = this.clock.now();
    this.plan();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.pulses.clear();
  }

  private plan(): void {
    this.timer = this.clock.setTimer(() => {
      this.plan();
      this.look();
    }, this.everyMs);
  }

  private look(): void {
    const now = this.clock.now();
    // A thread of the app that stood still, or a machine that slept, has not seen the beats of that time.
    const passedMs = Math.min(now - this.lookedAt, 2 * this.everyMs);
    this.lookedAt = now;
    this.lookForHung(passedMs);
    this.lookForStall(passedMs);
  }

  private lookForHung(passedMs: number): void {
    const pulses = new Map<T, Pulse>();
    for (const thread of this.parts.threads()) {
      const { beats } = thread.cells;
      const known = this.pulses.get(thread);
      const silentMs = known?.beats === beats ? known.silentMs + passedMs : 0;
      if (silentMs >= this.parts.handlerTimeoutMs) this.parts.hung(thread);
      else pulses.set(thread, { beats, silentMs });
    }
    this.pulses = pulses;
  }

  private lookForStall(passedMs: number): void {
    const claims = this.claimsSoFar();
    const lanes = this.parts.buffer.readyInLanes();
    const ready = sumOf(lanes);
    if (ready > 0) this.parts.waiting();
    const isStill =
      ready > 0 &&
      claims === this.claims &&
      this.parts.threads().some((thread) => this.couldClaim(thread, ready, lanes[SUSPECTS]));
    this.claims = claims;
    this.unclaimedMs = isStill ? this.unclaimedMs + passedMs : 0;
    if (this.unclaimedMs < STALLED_MS) return;
    this.unclaimedMs = 0;
    this.parts.stalled();
  }

  private claimsSoFar(): number {
    let sum = 0;
    for (const { cells } of this.parts.threads()) sum = (sum + cells.done + cells.failed + cells.running) | 0;
    return sum;
  }

  /** Whether it answers, and nothing but a missing wake-up keeps it from claiming what is ready. */
  private couldClaim(thread: T, ready: number, suspects: number): boolean {
    const { cells, owner } = thread;
    const pulse = this.pulses.get(thread);
    if (pulse === undefined || pulse.silentMs > 2 * BEAT_MS || cells.draining || cells.alone >= 0)
      return false;
    if (owner === this.parts.buffer.quarantine && suspects > 0) return cells.running === 0;
    const isRoom = cells.sleeping ? cells.running < this.parts.concurrency : cells.running === 0;
    return isRoom && ready > suspects;
  }
}
