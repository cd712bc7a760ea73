import type { Clock, ClockTimer } from '../../../kernel/time/clock.js';
import { SUSPECTS } from '../../buffer/buffer-words.js';
import type { ToThread } from '../thread-messages.js';
import type { PoolBuffer, PoolCells } from './pool-words.js';

/** One ring for so many events: the thread that is rung first claims several before the next one is awake. */
const EVENTS_PER_RING = 16;
/** Left to one that dozes: what it can do before its next look, when its handlers do next to nothing. */
const EVENTS_PER_LOOK = 256;
/** When it is looked whether what was rung for has been claimed: whoever heard it may be busy with one long run. */
const SECOND_LOOK_MS = 10;

/** A thread that can be rung. */
export interface Ringable {
  readonly owner: number;
  readonly cells: PoolCells;
  tell(message: ToThread): void;
}

/**
 * Wakes threads for events that are ready, once per turn of the loop however many were put in it. A thread that is awake is not rung: before
 * it rests it looks once more, so none of both can miss the other. One that dozes finds some by itself.
 */
export class Bell {
  private turn: NodeJS.Immediate | null = null;
  private secondLook: ClockTimer | null = null;
  /** Where the next ring begins, so that threads take turns. */
  private cursor = 0;

  constructor(
    private readonly buffer: PoolBuffer,
    /** Those that can claim now. */
    private readonly threads: () => readonly Ringable[],
    private readonly clock: Clock,
  ) {}

  /** Something was put into the lanes of threads. Costs next to nothing. */
  ring(): void {
    if (this.turn === null && !this.isLeftToDozing()) this.turn = setImmediate(this.strike);
  }

  /** Whether one that dozes finds it by itself, and calls for help where it takes long. Suspects are for their keeper alone. */
  private isLeftToDozing(): boolean {
    // Asked at each emit: without a closure.
    for (const { cells } of this.threads()) {
      if (!cells.dozing) continue;
      const lanes = this.buffer.readyInLanes();
      return lanes[SUSPECTS] === 0 && sumOf(lanes) <= EVENTS_PER_LOOK;
    }
    return false;
  }

  /** Rings as many threads as there are events. @returns how many were rung */
  ringForEach(): number {
    const lanes = this.buffer.readyInLanes();
    return this.ringFor(sumOf(lanes), lanes[SUSPECTS]);
  }

  /** Tells every thread, those too that are awake by their own word. */
  ringAll(): void {
    for (const thread of this.threads()) {
      thread.cells.wake();
      thread.tell(0);
    }
  }

  stop(): void {
    if (this.turn !== null) clearImmediate(this.turn);
    this.turn = null;
    this.secondLook?.cancel();
    this.secondLook = null;
  }

  private readonly strike = (): void => {
    this.turn = null;
    const lanes = this.buffer.readyInLanes();
    const ready = sumOf(lanes);
    if (ready === 0) return;
    const rung = this.ringFor(Math.ceil(ready / EVENTS_PER_RING), lanes[SUSPECTS]);
    if (rung < this.threads().length) this.lookAgain();
  };

  private lookAgain(): void {
    this.secondLook ??= this.clock.setTimer(() => {
      this.secondLook = null;
      if (this.ringForEach() > 0) this.lookAgain();
    }, SECOND_LOOK_MS);
  }

  private ringFor(rings: number, suspects: number): number {
    const threads = this.threads();
    let rung = 0;
    if (suspects > 0) {
      const keeper = threads.find(({ owner }) => owner === this.buffer.quarantine);
      if (keeper !== undefined && ringOne(keeper)) rung += 1;
    }
    for (let asked = 0; asked < threads.length && rung < rings; asked += 1) {
      this.cursor = (this.cursor + 1) % threads.length;
      const thread = threads[this.cursor];
      if (thread !== undefined && ringOne(thread)) rung += 1;
    }
    return rung;
  }
}

/** Events in lanes. */
export function sumOf([critical, normal, low, suspects]: ReturnType<PoolBuffer['readyInLanes']>): number {
  return critical + normal + low + suspects;
}

function ringOne(thread: Ringable): boolean {
  if (!thread.cells.wake()) return false;
  thread.tell(0);
  return true;
}
