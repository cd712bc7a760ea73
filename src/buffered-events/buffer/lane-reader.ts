import { SUSPECTS } from './buffer-words.js';
import type { BufferHandle, EventLanes, Hold, StoredEvent } from './buffer-words.js';
import { QUARANTINE } from './layout.js';
import { Ring } from './ring.js';
import { SharedViews } from './shared-views.js';
import { SlotEnd } from './slot-end.js';
import { SlotRecords } from './slot-records.js';
import { generationOf } from './state-word.js';
import { othersDoze, ThreadCells } from './thread-cells.js';
import { WeightedTurns } from './weighted-turns.js';
import type { LaneWeights } from './weighted-turns.js';

/** A consumer's side of the lanes that all threads share: a worker thread's, or the app's when it does their work. */
export class LaneReader implements EventLanes {
  readonly cells: ThreadCells;
  private readonly views: SharedViews;
  private readonly records: SlotRecords;
  private readonly rings: readonly [Ring, Ring, Ring];
  private readonly suspects: Ring;
  private readonly turns: WeightedTurns;
  private readonly end: SlotEnd;

  /** @param owner number of the thread, 1 to 63, or `MAIN_OWNER` */
  constructor(
    handle: BufferHandle,
    private readonly owner: number,
    weights: LaneWeights,
  ) {
    this.views = new SharedViews(handle);
    this.cells = new ThreadCells(this.views, owner);
    this.records = new SlotRecords(this.views);
    this.rings = [new Ring(this.views, 0), new Ring(this.views, 1), new Ring(this.views, 2)];
    this.suspects = new Ring(this.views, SUSPECTS);
    this.turns = new WeightedTurns(weights);
    this.end = new SlotEnd(this.views, this.cells, owner);
  }

  /** Claims the event whose turn it is: an empty lane's turn goes to the next one. */
  next(): StoredEvent | null {
    const turn = this.turns.lane;
    let lane = turn;
    do {
      const slot = (this.rings[lane] as Ring).claim(this.owner);
      if (slot >= 0) {
        this.turns.spend(turn);
        return this.read(slot);
      }
      lane = lane === 2 ? 0 : lane + 1;
    } while (lane !== turn);
    return null;
  }

  /** Claims a suspect, where this thread is the one to run them. */
  nextSuspect(): StoredEvent | null {
    if (!this.runsSuspects) return null;
    const slot = this.suspects.claim(this.owner);
    return slot < 0 ? null : this.read(slot);
  }

  hasReady(): boolean {
    const [critical, normal, low] = this.rings;
    return !critical.isEmpty || !normal.isEmpty || !low.isEmpty;
  }

  /** Whether there may be a suspect for this thread to run. */
  hasSuspects(): boolean {
    return this.runsSuspects && !this.suspects.isEmpty;
  }

  done(hold: Hold): boolean {
    return this.end.done(hold);
  }

  /** Whether another thread dozes: it finds what comes. */
  get othersDoze(): boolean {
    return othersDoze(this.views, this.owner);
  }

  private get runsSuspects(): boolean {
    return Atomics.load(this.views.ints, QUARANTINE) === this.owner;
  }

  private read(slot: number): StoredEvent {
    return this.records.read(slot, generationOf(this.views.ints[this.views.slot(slot)] as number));
  }
}
