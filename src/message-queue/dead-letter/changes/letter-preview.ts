import type { LetterHead } from '../dead-letter.js';

/** What a change of many letters would do, and what it takes to do just that. */
export interface LetterPreview {
  readonly matched: number;
  /** Letters that fail later stay out; give it back with the change. */
  readonly until: Date;
  /** By name or code of the error, the most frequent first. Those beyond 100 are counted as `other`. */
  readonly byError: Readonly<Record<string, number>>;
  /** By job name. */
  readonly byJob: Readonly<Record<string, number>>;
  /** The 5 oldest, without their payloads. */
  readonly sample: readonly LetterHead[];
}

const SAMPLE = 5;
const MOST_NAMES = 100;

/** Looks at the letters of a preview one by one. */
export class PreviewCollector {
  readonly #errors = new Map<string, number>();
  readonly #jobs = new Map<string, number>();
  readonly #sample: LetterHead[] = [];
  #matched = 0;

  add(letter: LetterHead): void {
    this.#matched += 1;
    count(this.#errors, letter.error);
    count(this.#jobs, letter.job);
    if (this.#sample.length < SAMPLE) this.#sample.push(letter);
  }

  /** @param until milliseconds since the epoch */
  result(until: number): LetterPreview {
    return {
      matched: this.#matched,
      until: new Date(until),
      byError: recordOf(this.#errors),
      byJob: recordOf(this.#jobs),
      sample: this.#sample,
    };
  }
}

function count(counts: Map<string, number>, name: string): void {
  const counted = counts.has(name) || counts.size < MOST_NAMES ? name : 'other';
  counts.set(counted, (counts.get(counted) ?? 0) + 1);
}

function recordOf(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}
