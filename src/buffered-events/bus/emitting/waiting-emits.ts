import type { Clock, ClockTimer } from '../../../kernel/time/clock.js';
import type { NewEvent } from '../../buffer/buffer-words.js';
import type { FullReason } from '../../events/errors.js';
import type { KnownType } from '../event-types.js';

/** How long it may take at most until a place that became free is seen, should nobody tell of it. */
const SAFETY_NET_MS = 1_000;
const CRITICAL = 0;

/** An emit that found no room. */
export interface WaitingEmit {
  readonly event: NewEvent;
  readonly type: KnownType;
  reason: FullReason;
  readonly stored: () => void;
  readonly refused: (reason: FullReason, waitedMs: number) => void;
  readonly closed: () => void;
}

interface Waiting {
  readonly emit: WaitingEmit;
  readonly since: number;
}

/** What waiting needs to know. */
export interface WaitingParts {
  readonly clock: Clock;
  /** `whenFull.waitMs`. */
  readonly waitMs: number;
  /** How many may wait: each holds its payload on the heap. */
  readonly max: number;
  /** Tries once more. @returns why there still is no room; null: it is stored */
  readonly put: (event: NewEvent, type: KnownType) => FullReason | null;
  /** Asks to be told of room. */
  readonly wantRoom: () => void;
  /** Milliseconds until `maxInputRate` lets one more in. */
  readonly rateWaitMs: () => number;
}

/** Emits that wait for room, first in first out: those of `critical` before the others, since some places are theirs alone. */
export class WaitingEmits {
  private readonly critical: Waiting[] = [];
  private readonly others: Waiting[] = [];
  private timer: ClockTimer | null = null;
  private readonly clock: Clock;

  constructor(private readonly parts: WaitingParts) {
    this.clock = parts.clock.steady();
  }

  get size(): number {
    return this.critical.length + this.others.length;
  }

  /** What they wait for: those behind others wait for what these do. Undefined: nobody waits. */
  get reason(): FullReason | undefined {
    return (this.critical[0] ?? this.others[0])?.emit.reason;
  }

  /** Whether an emit of this lane must wait behind others. */
  hasBefore(lane: number): boolean {
    return this.critical.length > 0 || (lane !== CRITICAL && this.others.length > 0);
  }

  /** Waits, or is refused at once where nothing may wait, or no more. */
  add(emit: WaitingEmit): void {
    const { waitMs, max } = this.parts;
    if (waitMs === 0 || this.size >= max) {
      // Behind others it was not tried: it is refused for what they wait for.
      emit.refused(this.reason ?? emit.reason, 0);
      return;
    }
    const queue = emit.event.lane === CRITICAL ? this.critical : this.others;
    queue.push({ emit, since: this.clock.now() });
    this.serve();
  }

  /** There may be room. */
  serve(): void {
    this.timer?.cancel();
    this.timer = null;
    this.refuseLate();
    this.putAll();
    if (this.size === 0) return;
    // Asked first and tried after it: who made room in between told nobody.
    this.parts.wantRoom();
    this.putAll();
    if (this.size > 0) this.plan();
  }

  /** Nobody waits any more. */
  close(): void {
    this.timer?.cancel();
    this.timer = null;
    for (const { emit } of [...this.critical.splice(0), ...this.others.splice(0)]) emit.closed();
  }

  private putAll(): void {
    if (this.putFrom(this.critical)) this.putFrom(this.others);
  }

  /** @returns whether all of them found room */
  private putFrom(queue: Waiting[]): boolean {
    let count = 0;
    for (const { emit } of queue) {
      const reason = this.parts.put(emit.event, emit.type);
      if (reason !== null) {
        emit.reason = reason;
        break;
      }
      count += 1;
    }
    const isAll = count === queue.length;
    for (const { emit } of queue.splice(0, count)) emit.stored();
    return isAll;
  }

  private refuseLate(): void {
    const now = this.clock.now();
    for (const queue of [this.critical, this.others]) {
      const inTime = queue.findIndex(({ since }) => now - since < this.parts.waitMs);
      const late = queue.splice(0, inTime === -1 ? queue.length : inTime);
      for (const { emit, since } of late) {
        // Its last chance: it has waited for this.
        const reason = this.parts.put(emit.event, emit.type);
        if (reason === null) emit.stored();
        else emit.refused(reason, now - since);
      }
    }
  }

  private plan(): void {
    const now = this.clock.now();
    const firsts = [this.critical[0], this.others[0]].filter((first) => first !== undefined);
    const deadlines = firsts.map(({ since }) => since + this.parts.waitMs - now);
    const isOfRate = firsts.some(({ emit }) => emit.reason === 'rate');
    const next = Math.min(SAFETY_NET_MS, ...deadlines, isOfRate ? this.parts.rateWaitMs() : Infinity);
    this.timer = this.clock.setTimer(() => this.serve(), Math.max(1, Math.ceil(next)), { keepAlive: true });
  }
}
