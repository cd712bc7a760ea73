import type { StoredEvent } from '../../buffer/buffer-words.js';
import type { EventSource } from '../../consume/consumer-words.js';

/** Lanes of suspects too. */
interface SharedLanes extends EventSource {
  nextSuspect(): StoredEvent | null;
  hasSuspects(): boolean;
}

/** Where the app's thread takes events from: its own lanes, and while it stands in for threads, theirs by turns with its own. */
export class AppSource implements EventSource {
  /** Whether it does the work of threads. */
  standsIn = false;
  /** Whether it runs what threads died of, perhaps: only where no thread can. */
  runsSuspects = false;
  private isSharedNext = false;

  /**
   * @param takeSuspects makes the app's thread the one that runs suspects: the pool says "nobody" whenever no thread lives
   * @param giveUp an event that killed a thread while alone is not run where the app itself would die
   */
  constructor(
    private readonly own: EventSource,
    private readonly shared: SharedLanes,
    private readonly takeSuspects: () => void,
    private readonly giveUp: (event: StoredEvent) => void,
  ) {}

  next(): StoredEvent | null {
    if (!this.standsIn) return this.own.next();
    const [first, second] = this.isSharedNext ? [this.shared, this.own] : [this.own, this.shared];
    this.isSharedNext = !this.isSharedNext;
    return first.next() ?? second.next();
  }

  hasReady(): boolean {
    return this.own.hasReady() || (this.standsIn && this.shared.hasReady());
  }

  nextSuspect(): StoredEvent | null {
    for (;;) {
      const event = this.hasSuspects() ? this.shared.nextSuspect() : null;
      if (event === null || event.crashes === 0) return event;
      this.giveUp(event);
    }
  }

  hasSuspects(): boolean {
    if (!this.standsIn || !this.runsSuspects) return false;
    this.takeSuspects();
    return this.shared.hasSuspects();
  }
}
