import type { Json } from './answers.js';

/** A value as its JSON: dates become texts. */
export function toJson<T>(value: T): Json<T> {
  return JSON.parse(JSON.stringify(value)) as Json<T>;
}
