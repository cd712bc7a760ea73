import type { Clock, ClockTimer } from '../../../kernel/time/clock.js';
import { SUSPECTS } from '../../buffer/buffer-words.js';
import { sumOf } from './bell.js';
import type { PoolBuffer, PoolCells } from './pool-words.js';

/** How often the app's thread looks at its threads, milliseconds. */
const LOOK_MS = 100;
/** How often a thread beats, so that one that runs an endless loop is told from one that is busy. */
export const BEAT_MS = 250;
/** What a thread may be silent for at least: a large collection, or a machine that is busy, is no endless loop. */
const SHORTEST_SILENCE_MS = 1_000;
/** Events, a thread that could run them, and no claim for so long: a wake-up was lost. */
const STALLED_MS = 1_000;

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
  /** It has not answered for `handlerTimeoutMs`, one second at least. */
  readonly hung: (thread: T) => void;
  /** Events that nobody was rung for, perhaps. */
  readonly waiting: () => void;
  /** A wake-up was lost (rule 23). */
  readonly stalled: () => void;
}

interface Pulse {
  /** Beats, and runs that ended. */
  readonly signs: number;
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
  private readonly hungAfterMs: number;

  constructor(private readonly parts: WatchParts<T>) {
    this.clock = parts.clock.steady();
    this.hungAfterMs = Math.max(SHORTEST_SILENCE_MS, parts.handlerTimeoutMs);
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
    }, LOOK_MS);
  }

  private look(): void {
    const now = this.clock.now();
    // A thread of the app that stood still, or a machine that slept, has not seen the beats of that time.
    const passedMs = Math.min(now - this.lookedAt, 2 * LOOK_MS);
    this.lookedAt = now;
    this.lookForHung(passedMs);
    this.lookForStall(passedMs);
  }

  private lookForHung(passedMs: number): void {
    const pulses = new Map<T, Pulse>();
    for (const thread of this.parts.threads()) {
      const { beats, done, failed } = thread.cells;
      // Who ends one long run after the other answers too, though it has no time to beat.
      const signs = (beats + done + failed) | 0;
      const known = this.pulses.get(thread);
      const silentMs = known?.signs === signs ? known.silentMs + passedMs : 0;
      if (silentMs >= this.hungAfterMs) this.parts.hung(thread);
      else pulses.set(thread, { signs, silentMs });
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
    const isRoom = cells.resting ? cells.running < this.parts.concurrency : cells.running === 0;
    return isRoom && ready > suspects;
  }
}
