import { createHash } from 'node:crypto';
import { messageKind } from '../../../kernel/logging/message-kind.js';
import type { LetterHead } from '../dead-letter.js';

/** What letters of one group have in common. */
export type GroupTraits = Pick<LetterHead, 'queue' | 'job' | 'error'> & { readonly text: string };

const KEY = /^[\w-]{22}$/;
/** Kinds of letters whose keys are remembered; letters repeat themselves. */
const MOST_KNOWN = 2_000;

/** What a letter has in common with those of its group. */
export function traitsOf({ queue, job, error, reason }: LetterHead): GroupTraits {
  return { queue, job, error, text: messageKind(reason) };
}

/** The key of a group, the same in every process: it says nothing about what is in it, so that it may stand in an address. */
export function groupKey({ queue, job, error, text }: GroupTraits): string {
  const hash = createHash('sha256').update(JSON.stringify([queue, job, error, text]));
  return hash.digest('base64url').slice(0, 22);
}

/** Whether a value has the form of a key. */
export function isGroupKey(value: unknown): value is string {
  return typeof value === 'string' && KEY.test(value);
}

/** The keys of many letters. */
export class GroupKeys {
  readonly #known = new Map<string, string>();

  of(letter: LetterHead): string {
    const traits = traitsOf(letter);
    const name = [traits.queue, traits.job, traits.error, traits.text].join('\n');
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    const key = groupKey(traits);
    this.#known.set(name, key);
    return key;
  }
}
