import { MAIN_OWNER } from './buffer-words.js';
import type { EventLanes, Hold, StoredEvent } from './buffer-words.js';
import type { SharedViews } from './shared-views.js';
import type { SlotEnd } from './slot-end.js';
import type { SlotRecords } from './slot-records.js';
import { claimedBy, READY } from './state-word.js';
import { WeightedTurns } from './weighted-turns.js';
import type { LaneWeights } from './weighted-turns.js';

/** Lanes of what only the app's thread handles: no other reads them, so they stand on its heap. Events do not. */
export class MainLanes implements EventLanes {
  private readonly lanes = [new Holds(), new Holds(), new Holds()] as const;
  private readonly turns: WeightedTurns;

  constructor(
    private readonly views: SharedViews,
    private readonly records: SlotRecords,
    private readonly end: SlotEnd,
    weights: LaneWeights,
  ) {
    this.turns = new WeightedTurns(weights);
  }

  /** Entries of all lanes. */
  get ready(): number {
    return this.lanes.reduce((sum, lane) => sum + lane.length, 0);
  }

  push(lane: number, slot: number, generation: number): void {
    (this.lanes[lane] as Holds).push(slot, generation);
  }

  next(): StoredEvent | null {
    const turn = this.turns.lane;
    let lane = turn;
    do {
      const event = this.claim(this.lanes[lane] as Holds);
      if (event !== null) {
        this.turns.spend(turn);
        return event;
      }
      lane = lane === 2 ? 0 : lane + 1;
    } while (lane !== turn);
    return null;
  }

  hasReady(): boolean {
    return this.ready > 0;
  }

  done(hold: Hold): boolean {
    return this.end.done(hold);
  }

  private claim(lane: Holds): StoredEvent | null {
    const { ints } = this.views;
    while (lane.length > 0) {
      const { slot, generation } = lane.shift();
      const at = this.views.slot(slot);
      if (Atomics.load(ints, at) !== (READY | generation)) continue;
      Atomics.store(ints, at, claimedBy(MAIN_OWNER, generation));
      return this.records.read(slot, generation);
    }
    return null;
  }
}

/** First in, first out. */
class Holds {
  private readonly entries: Hold[] = [];
  private first = 0;

  get length(): number {
    return this.entries.length - this.first;
  }

  push(slot: number, generation: number): void {
    this.entries.push({ slot, generation });
  }

  /** Only when there is one. */
  shift(): Hold {
    const hold = this.entries[this.first] as Hold;
    this.first += 1;
    // Moving what is left once half is gone costs each entry at most one move.
    if (this.first * 2 >= this.entries.length) {
      this.entries.splice(0, this.first);
      this.first = 0;
    }
    return hold;
  }
}
