import { MAX_DEPTH } from '../payloads/json-payload.js';
import { copyJson, copyMade, isOrdinaryList, UNSURE } from './json-copy.js';
import type { Reading } from './json-copy.js';

/**
 * Copies one value that is not undefined and makes of it what its `@Type` says; UNSURE as {@link copyJson}.
 * @param depth of the value, from 1
 */
export type ReadValue = (value: unknown, reading: Reading, depth: number) => unknown;

const CONVERSIONS = new Map<unknown, (value: string | number | boolean) => unknown>([
  [String, (value) => String(value)],
  [Number, (value) => Number(value)],
  [Boolean, (value) => Boolean(value)],
  [Date, (value) => new Date(value as string)],
]);

/** The reader of a property with a `@Type` of String, Number, Boolean or Date; undefined for other types. */
export function conversionTo(type: unknown): ReadValue | undefined {
  const convert = CONVERSIONS.get(type);
  if (convert === undefined) return undefined;
  return (value, reading, depth) => {
    const copy = copyJson(value, reading, depth);
    if (copy === null || copy === UNSURE) return copy;
    if (copy instanceof Date && type === Date) return copy;
    // Lists and objects have conversions of their own kind.
    if (typeof copy === 'object') return UNSURE;
    return copyMade(convert(copy as string), depth);
  };
}

/**
 * The reader of a property with `@ValidateNested` and a `@Type`: one object, or a list of them.
 * @param readObject reads and judges one object
 */
export function nestedIn(readObject: ReadValue, takesLists: boolean): ReadValue {
  return (value, reading, depth) => {
    if (Array.isArray(value)) return takesLists ? readList(readObject, value, reading, depth) : UNSURE;
    if (value !== null) return readObject(value, reading, depth);
    reading.leastBytes += 4;
    return null;
  };
}

function readList(readObject: ReadValue, list: readonly unknown[], reading: Reading, depth: number): unknown {
  if (depth > MAX_DEPTH || !isOrdinaryList(list)) return UNSURE;
  reading.leastBytes += 1;
  const made: unknown[] = [];
  for (let index = 0; index < list.length; index++) {
    if (reading.isOver()) return UNSURE;
    reading.leastBytes += 1;
    const item = readObject(list[index], reading, depth + 1);
    if (item === UNSURE) return UNSURE;
    made.push(item);
  }
  return made;
}
