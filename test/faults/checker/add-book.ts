import type { AddCall, AddOrder } from '../process/add-order.js';

/** What was ordered, and what the producers were told of it. */
export class AddBook {
  /** Key → the ids that its adds were told. */
  readonly acknowledged = new Map<string, ReadonlySet<string>>();
  /** Keys of jobs that were certainly not added. */
  readonly refused = new Set<string>();
  /** Keys of jobs of which nobody can say whether they were added. */
  readonly inDoubt = new Set<string>();
  /** Keys of jobs that must become dead letters. */
  readonly doomed = new Set<string>();
  /** Errors that are not the module's. */
  readonly untyped = new Set<string>();
  /** Keys of jobs that were ordered before Redis lost what it had: nothing is promised of them. */
  readonly gone = new Set<string>();
  private readonly ordered = new Set<string>();
  private readonly latencies: number[] = [];

  order(key: string): void {
    this.ordered.add(key);
  }

  /** Redis has lost everything that was ordered until now. */
  forget(): void {
    for (const key of this.ordered) {
      this.gone.add(key);
      for (const book of [this.acknowledged, this.refused, this.inDoubt, this.doomed]) book.delete(key);
    }
    this.ordered.clear();
  }

  note({ data: { key, doomed } }: AddOrder, calls: readonly AddCall[]): void {
    this.latencies.push(...calls.map(({ ms }) => ms));
    const told = (outcome: AddCall['outcome']): string[] =>
      calls.filter((call) => call.outcome === outcome).map((call) => call.told);
    for (const error of told('untyped')) this.untyped.add(error);
    if (this.gone.has(key)) return;
    if (doomed === true) this.doomed.add(key);
    const ids = told('acknowledged');
    if (ids.length > 0) this.acknowledged.set(key, new Set(ids));
    else if (told('refused').length === calls.length) this.refused.add(key);
    else this.inDoubt.add(key);
  }

  /** So many of a hundred calls took no longer, milliseconds; of none 0. */
  latency(percent: number): number {
    const sorted = [...this.latencies].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
  }
}
