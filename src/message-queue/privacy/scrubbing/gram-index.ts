import type { FoldedText } from './folded-text.js';

/** Slots of the filter in front of the index: what is not in it is found nowhere. */
const SLOTS = 1 << 16;

/** Where short stretches of a text stand, found by any text that has one of them. */
export class GramIndex {
  private readonly stretches = new Map<string, number[]>();
  /** Most of a long content is in no message: a number says so sooner than a text. */
  private readonly filter = new Uint8Array(SLOTS);

  /** @param size characters of a stretch */
  constructor(private readonly size: number) {}

  /** Notes the stretch that begins with a character of a text. */
  add({ text, starts, ends }: FoldedText, at: number): void {
    const key = text.slice(at, at + this.size);
    const known = this.stretches.get(key);
    const start = starts[at] ?? 0;
    const end = ends[at + this.size - 1] ?? 0;
    if (known !== undefined) known.push(start, end);
    else {
      this.stretches.set(key, [start, end]);
      this.filter[this.slotOf(text, at)] = 1;
    }
  }

  /**
   * Marks what a content has in common with the text. Each stretch once, whatever content it is found by: one letter repeated
   * would mark the same ones again and again.
   * @param marked per unit of the original; 1 is put where the content stands
   */
  markShared(content: string, marked: Uint8Array): void {
    const last = content.length - this.size;
    for (let at = 0; at <= last && this.stretches.size > 0; at += 1) {
      if (this.filter[this.slotOf(content, at)] === 0) continue;
      const key = content.slice(at, at + this.size);
      const found = this.stretches.get(key) ?? [];
      this.stretches.delete(key);
      for (let next = 0; next < found.length; next += 2) marked.fill(1, found[next], found[next + 1]);
    }
  }

  private slotOf(text: string, at: number): number {
    let hash = 0;
    for (let next = at; next < at + this.size; next += 1)
      hash = ((hash << 5) - hash + text.charCodeAt(next)) | 0;
    return (hash ^ (hash >>> 16)) & (SLOTS - 1);
  }
}
