import type { Hold } from './buffer-words.js';
import { OWNERS, ROOM_WANTED, SlotField } from './layout.js';
import type { SharedViews } from './shared-views.js';
import { claimedBy, FREE } from './state-word.js';
import type { ThreadCells } from './thread-cells.js';

/** How an owner gives back a slot whose event it has handled. */
export class SlotEnd {
  constructor(
    private readonly views: SharedViews,
    private readonly cells: ThreadCells,
    private readonly owner: number,
  ) {
    // What it will count is looked for from now on.
    const { ints } = views;
    for (let known = Atomics.load(ints, OWNERS); known <= owner; known = Atomics.load(ints, OWNERS)) {
      Atomics.compareExchange(ints, OWNERS, known, owner + 1);
    }
  }

  /** As `EventLanes.done` says. */
  done({ slot, generation }: Hold): boolean {
    const { ints } = this.views;
    const at = this.views.slot(slot);
    const claimed = claimedBy(this.owner, generation);
    if (Atomics.load(ints, at) !== claimed) return false;
    this.cells.count(slot, generation, ints[at + SlotField.blocks] as number);
    if (Atomics.compareExchange(ints, at, claimed, FREE | generation) !== claimed) this.cells.uncount();
    return Atomics.load(ints, ROOM_WANTED) === 1 && Atomics.compareExchange(ints, ROOM_WANTED, 1, 0) === 1;
  }
}
