import type { BrokerLook } from '../../../broker/activity-store.js';
import type { LetterGroups } from '../../../dead-letter/groups/letter-groups.js';
import { KeptFor } from './kept-for.js';

/** Where nothing shows that letters came or went, they are read again after so long, milliseconds: some are replaced by others. */
const UNCHANGED_MS = 60_000;
/** Read again at most so often, milliseconds. */
const CHANGED_MS = 3_000;
/** Groups take so many times as long as they took until they are read again. */
const REST = 20;
const NONE: LetterGroups = { groups: [], looked: 0, of: 0 };

/** Groups of dead letters: up to 10 000 of each queue are read for them, so that is done when their counts have changed, and not too often. */
export class KeptGroups {
  readonly #changed: KeptFor<LetterGroups>;
  #last: { readonly letters: string; readonly groups: LetterGroups; readonly at: number } | null = null;

  constructor(ask: () => Promise<LetterGroups>) {
    this.#changed = new KeptFor(ask, CHANGED_MS, REST);
  }

  /** @param looks of this moment: they tell how many letters there are */
  async of(looks: readonly BrokerLook[]): Promise<LetterGroups> {
    const counts = looks.flatMap((look) =>
      [...look.counts].map(
        ([queue, { failed }]) => [queue, failed, look.totals.get(queue)?.dead ?? 0] as const,
      ),
    );
    if (counts.every(([, failed]) => failed === 0)) return NONE;
    const letters = JSON.stringify(counts);
    const last = this.#last;
    if (last?.letters === letters && performance.now() - last.at < UNCHANGED_MS) return last.groups;
    const groups = await this.#changed.get();
    this.#last = { letters, groups, at: performance.now() };
    return groups;
  }

  /** Whoever asks next gets new ones. */
  forget(): void {
    this.#last = null;
    this.#changed.forget();
  }
}
