import type { Clock, ClockTimer } from '../../../kernel/time/clock.js';
import { SUSPECTS } from '../../buffer/buffer-words.js';
import type { ToThread } from '../thread-messages.js';
import type { PoolBuffer, PoolCells } from './pool-words.js';

/** One ring for so many events: the thread that is rung first claims several before the next one is awake. */
const EVENTS_PER_RING = 16;
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
 * it rests it looks once more, so none of both can miss the other. One that dozes finds a few by itself.
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
    if (this.turn !== null) return;
    const left = this.leftToDozing();
    if (left === 0) this.turn = setImmediate(this.strike);
    // Its first handler may take long, and others wait behind it.
    else if (left > 1) this.lookAgain();
  }

  /** How many events the one that dozes will find by itself; 0: somebody is to be rung. Suspects are for their keeper alone. */
  private leftToDozing(): number {
    if (!this.threads().some(({ cells }) => cells.dozing)) return 0;
    const lanes = this.buffer.readyInLanes();
    const ready = sumOf(lanes);
    return lanes[SUSPECTS] > 0 || ready > EVENTS_PER_RING ? 0 : ready;
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
