import { MinHeap } from '../lanes/min-heap.js';

interface Wake {
  readonly name: string;
  readonly at: number;
}

/** Who sleeps until when. Setting and waking cost O(log n). */
export class WakeTimes {
  private readonly times = new Map<string, number>();
  /** Also those that were set anew since: they are left out when they come up. */
  private readonly heap = new MinHeap<Wake>(({ at }) => at);

  get size(): number {
    return this.times.size;
  }

  /** When the first one is to be woken, milliseconds since the epoch; null when nobody sleeps. */
  get next(): number | null {
    return this.first?.at ?? null;
  }

  /** Until when it sleeps, milliseconds since the epoch; undefined when it does not. */
  of(name: string): number | undefined {
    return this.times.get(name);
  }

  set(name: string, at: number): void {
    this.times.set(name, at);
    this.heap.push({ name, at });
  }

  delete(name: string): void {
    this.times.delete(name);
  }

  /** Who is to be woken by now; it no longer sleeps. Null when nobody is. */
  takeDue(now: number): string | null {
    const { first } = this;
    if (first === undefined || first.at > now) return null;
    this.heap.pop();
    this.times.delete(first.name);
    return first.name;
  }

  /** Those that sleep, in the order in which they are woken. */
  names(): string[] {
    return [...this.times].sort(([, a], [, b]) => a - b).map(([name]) => name);
  }

  private get first(): Wake | undefined {
    for (let wake = this.heap.peek(); wake !== undefined; wake = this.heap.peek()) {
      if (this.times.get(wake.name) === wake.at) return wake;
      this.heap.pop();
    }
    return undefined;
  }
}
