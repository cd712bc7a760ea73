import { MAX_DEPTH } from '../payloads/json-payload.js';

/** The answer of everything in this folder that is not a yes: class-transformer and class-validator shall judge. */
export const UNSURE = Symbol('unsure');

/** One reading of a payload. Counts as {@link assertJsonSafe} does, so that both stop at the same size. */
export class Reading {
  /** The JSON will have at least this many characters. */
  leastBytes = 0;

  constructor(private readonly maxBytes: number) {}

  isOver(): boolean {
    return this.leastBytes > this.maxBytes;
  }
}

const forEach = Array.prototype.forEach;

/**
 * Whether a list is an ordinary one: class-transformer calls the list's own `forEach`, and JSON its `toJSON`.
 */
export function isOrdinaryList(list: readonly unknown[]): boolean {
  return (
    Object.getPrototypeOf(list) === Array.prototype &&
    list.forEach === forEach &&
    (list as { toJSON?: unknown }).toJSON === undefined
  );
}

/** Whether neither symbols nor hidden properties decide what JSON or class-transformer make of an object. */
export function isOrdinaryObject(value: object): boolean {
  const { toJSON, then } = value as { toJSON?: unknown; then?: unknown };
  return toJSON === undefined && then === undefined && Object.getOwnPropertySymbols(value).length === 0;
}

/**
 * A copy of what JSON keeps of a value, as class-transformer makes one of what has no type: plain objects, lists, dates,
 * and undefined properties. UNSURE about everything else, and about what {@link assertJsonSafe} refuses.
 * @param depth of the value, from 1
 */
export function copyJson(value: unknown, reading: Reading, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      reading.leastBytes += value.length + 2;
      return value;
    case 'number':
      reading.leastBytes += 1;
      return Number.isFinite(value) ? value : UNSURE;
    case 'boolean':
      reading.leastBytes += 4;
      return value;
    case 'object':
      if (value !== null) return copyObject(value, reading, depth);
      reading.leastBytes += 4;
      return null;
    default:
      return UNSURE;
  }
}

/** Whether JSON keeps a value that no payload contained: a default of the class, or what a `@Transform` returned. */
export function copyMade(value: unknown, depth: number): unknown {
  if (typeof value === 'string' || value === undefined) return value;
  return copyJson(value, new Reading(Number.POSITIVE_INFINITY), depth);
}

function copyObject(value: object, reading: Reading, depth: number): unknown {
  reading.leastBytes += 1;
  if (value instanceof Date) return copyDate(value);
  if (depth > MAX_DEPTH) return UNSURE;
  if (Array.isArray(value)) return copyList(value, reading, depth);
  if (Object.getPrototypeOf(value) !== Object.prototype || value.constructor !== Object) return UNSURE;
  return isOrdinaryObject(value) ? copyRecord(value, reading, depth) : UNSURE;
}

function copyDate(value: Date): Date | typeof UNSURE {
  if (Object.getPrototypeOf(value) !== Date.prototype || Number.isNaN(value.getTime())) return UNSURE;
  const copy = new Date(value.valueOf());
  return Number.isNaN(copy.getTime()) ? UNSURE : copy;
}

function copyList(list: readonly unknown[], reading: Reading, depth: number): unknown {
  if (!isOrdinaryList(list)) return UNSURE;
  const copy: unknown[] = [];
  for (let index = 0; index < list.length; index++) {
    if (reading.isOver()) return UNSURE;
    reading.leastBytes += 1;
    const item = copyJson(list[index], reading, depth + 1);
    if (item === UNSURE) return UNSURE;
    copy.push(item);
  }
  return copy;
}

function copyRecord(record: object, reading: Reading, depth: number): unknown {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(record)) {
    // class-transformer leaves out what every object inherits, as `toString` or `__proto__`.
    if (reading.isOver() || key in Object.prototype) return UNSURE;
    const value = (record as Readonly<Record<string, unknown>>)[key];
    let kept = value;
    if (value !== undefined) {
      reading.leastBytes += key.length + 4;
      kept = copyJson(value, reading, depth + 1);
      if (kept === UNSURE) return UNSURE;
    }
    copy[key] = kept;
  }
  return copy;
}
