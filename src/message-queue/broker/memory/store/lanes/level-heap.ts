/** A min-heap of priority levels. */
export class LevelHeap {
  private readonly levels: number[] = [];

  peek(): number | null {
    return this.levels[0] ?? null;
  }

  push(level: number): void {
    const { levels } = this;
    let index = levels.length;
    levels.push(level);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = levels[parentIndex] as number;
      if (parent <= level) break;
      levels[index] = parent;
      index = parentIndex;
    }
    levels[index] = level;
  }

  pop(): void {
    const { levels } = this;
    const last = levels.pop();
    if (last === undefined || levels.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= levels.length) break;
      if (child + 1 < levels.length && (levels[child + 1] as number) < (levels[child] as number)) child += 1;
      if ((levels[child] as number) >= last) break;
      levels[index] = levels[child] as number;
      index = child;
    }
    levels[index] = last;
  }
}
