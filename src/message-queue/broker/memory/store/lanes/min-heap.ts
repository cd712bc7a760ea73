/** A heap whose first item is the one with the least value. */
export class MinHeap<Item> {
  private readonly items: Item[] = [];

  constructor(private readonly valueOf: (item: Item) => number) {}

  get size(): number {
    return this.items.length;
  }

  peek(): Item | undefined {
    return this.items[0];
  }

  push(item: Item): void {
    const { items, valueOf } = this;
    let index = items.length;
    items.push(item);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex] as Item;
      if (valueOf(parent) <= valueOf(item)) break;
      items[index] = parent;
      index = parentIndex;
    }
    items[index] = item;
  }

  /** Forgets the others. O(n log n). */
  keepOnly(isKept: (item: Item) => boolean): void {
    const kept = this.items.filter(isKept);
    this.items.length = 0;
    for (const item of kept) this.push(item);
  }

  pop(): void {
    const { items, valueOf } = this;
    const last = items.pop();
    if (last === undefined || items.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && valueOf(items[child + 1] as Item) < valueOf(items[child] as Item))
        child += 1;
      if (valueOf(items[child] as Item) >= valueOf(last)) break;
      items[index] = items[child] as Item;
      index = child;
    }
    items[index] = last;
  }
}
