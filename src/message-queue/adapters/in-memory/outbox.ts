import { BoundedMap } from './bounded-map.js';
import type { InMemoryLimits } from './bounded-map.js';

/** What was handed over last, for inspection: the oldest are forgotten. */
export class Outbox<Item> {
  readonly #items: BoundedMap<Item>;
  #count = 0;

  /** @param charactersOf the text that an item holds */
  constructor(limits: Partial<InMemoryLimits> | undefined, charactersOf: (item: Item) => number) {
    this.#items = new BoundedMap(limits, charactersOf);
  }

  /** What is still remembered, oldest first. */
  get items(): readonly Item[] {
    return this.#items.values();
  }

  add(item: Item): void {
    this.#items.set(String((this.#count += 1)), item);
  }
}
