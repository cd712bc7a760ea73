/**
 * The word of a slot that alone says what is true of it, in 31 bits: state (2), owner (8), generation (21).
 * Rings and sleeping flags are hints; whatever they say is tried by compare and exchange on this word.
 */
export const FREE = 0;
export const READY = 1 << 29;
export const CLAIMED = 2 << 29;
export const WAITING = 3 << 29;

const STATE_MASK = 3 << 29;
const OWNER_SHIFT = 21;
const OWNER_MASK = 0xff;
export const GENERATION_MASK = (1 << OWNER_SHIFT) - 1;

/** FREE, READY, CLAIMED or WAITING. */
export function stateOf(word: number): number {
  return word & STATE_MASK;
}

export function ownerOf(word: number): number {
  return (word >>> OWNER_SHIFT) & OWNER_MASK;
}

export function generationOf(word: number): number {
  return word & GENERATION_MASK;
}

export function claimedBy(owner: number, generation: number): number {
  return CLAIMED | (owner << OWNER_SHIFT) | generation;
}

/** The generation that a slot has next: it wraps after two million. */
export function nextGeneration(word: number): number {
  return (word + 1) & GENERATION_MASK;
}
