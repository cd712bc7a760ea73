import { noteRejection } from '../../kernel/host/guarded-call.js';
import type { ErrorRecord, EventDeadLetter, EventPriority } from '../events/event-words.js';

/** A dead letter as it is kept: the payload as its JSON, so that nobody who looks at it changes it. */
export interface DeadLetterRecord {
  readonly id: string;
  /** The id's second half. */
  readonly sequence: number;
  readonly type: string;
  readonly priority: EventPriority;
  readonly correlationId: string;
  readonly emittedAt: number;
  readonly carried: string | undefined;
  readonly json: string;
  readonly attempts: number;
  readonly crashes: number;
  readonly lastError: ErrorRecord;
  readonly timestamp: number;
}

/** Which dead letters are meant. */
export type LetterFilter = (letter: EventDeadLetter) => unknown;

/** Events that failed for good, the oldest first, on the heap and at most so many. */
export class DeadLetters {
  /** In order of their burial; by id, which an event keeps when it is replayed and dies again. */
  private readonly kept = new Map<string, DeadLetterRecord>();
  private counts = { total: 0, dropped: 0, replayed: 0, discarded: 0 };

  /** @param max how many are kept; of more, the oldest are dropped */
  constructor(private readonly max: number) {}

  get readings(): {
    readonly kept: number;
    readonly total: number;
    readonly dropped: number;
    readonly replayed: number;
    readonly discarded: number;
  } {
    return { kept: this.kept.size, ...this.counts };
  }

  add(letter: DeadLetterRecord): void {
    this.counts.total += 1;
    this.kept.set(letter.id, letter);
    if (this.kept.size <= this.max) return;
    const [oldest] = this.kept.keys();
    this.kept.delete(oldest as string);
    this.counts.dropped += 1;
  }

  /** As hosts see them, newest last. Each call makes them anew. */
  list(): readonly EventDeadLetter[] {
    return [...this.kept.values()].map(asHostsSee);
  }

  /**
   * Puts back those that are meant, oldest first. What finds no room stays; smaller ones after it may find some.
   * @param putBack false: there is no room for it
   * @returns how many were put back
   * @throws what the filter throws, and then nothing was put back
   */
  replay(filter: LetterFilter, putBack: (letter: DeadLetterRecord) => boolean): number {
    const meant = this.meantBy(filter);
    let count = 0;
    for (const letter of meant) {
      if (!putBack(letter)) continue;
      this.kept.delete(letter.id);
      count += 1;
    }
    this.counts.replayed += count;
    return count;
  }

  /** @returns how many were thrown away @throws what the filter throws, and then nothing was */
  discard(filter: LetterFilter): number {
    const meant = this.meantBy(filter);
    for (const { id } of meant) this.kept.delete(id);
    this.counts.discarded += meant.length;
    return meant.length;
  }

  private meantBy(filter: LetterFilter): DeadLetterRecord[] {
    return [...this.kept.values()].filter((letter) => answerOf(filter, asHostsSee(letter)));
  }
}

/** A promise is always true, so an async filter would mean all of them. */
function answerOf(filter: LetterFilter, letter: EventDeadLetter): boolean {
  const answer = filter(letter);
  if (!(answer instanceof Promise)) return Boolean(answer);
  noteRejection(answer, () => undefined);
  throw new TypeError(
    'The filter of dead letters must answer at once, with true or false, but returned a promise.',
  );
}

function asHostsSee(letter: DeadLetterRecord): EventDeadLetter {
  const { id, type, priority, correlationId, emittedAt, json, attempts, crashes, lastError, timestamp } =
    letter;
  const payload: unknown = JSON.parse(json);
  return {
    id,
    event: { type, payload, priority, correlationId, emittedAt },
    attempts,
    crashes,
    lastError,
    timestamp,
  };
}
