import type { Issue } from '../../../kernel/errors.js';
import { shownName } from '../../../kernel/values/identifier.js';
import { kindOf, mustBe } from '../../../kernel/values/words.js';
import { InvalidPayloadError } from '../../jobs/errors.js';

/** A payload as it is stored: handlers get what parsing `json` makes. Nothing that JSON would lose was in it. */
export class JsonPayload {
  constructor(
    readonly json: string,
    /** UTF-8 bytes of `json`. */
    readonly bytes: number,
  ) {}
}

/** A payload that is stored with its content sealed: `json` and `bytes` are what is stored. */
export class SealedPayload extends JsonPayload {
  constructor(
    json: string,
    /** UTF-8 bytes of the payload as JSON before it was sealed: what `maxPayloadBytes` limits. */
    readonly plainBytes: number,
    bytes = Buffer.byteLength(json),
  ) {
    super(json, bytes);
  }
}

/** Which queue and job a payload is for; errors name them. */
export interface PayloadPlace {
  readonly queue: string;
  readonly job: string;
  readonly jobId?: string;
}

/** Levels of objects and lists that a payload may have, itself included. */
export const MAX_DEPTH = 64;
const MAX_ISSUES = 50;

/**
 * Writes a payload as JSON, and refuses everything that JSON would silently lose or change. One that was written before
 * is only measured.
 * @throws InvalidPayloadError as {@link assertJsonSafe} does
 */
export function toJsonPayload(data: unknown, maxBytes: number, place: PayloadPlace): JsonPayload {
  if (!(data instanceof JsonPayload)) assertJsonSafe(data, maxBytes, place);
  const payload = data instanceof JsonPayload ? data : reading(place, () => writtenPayload(data));
  if (payload.bytes > maxBytes) throw tooLarge(payload.bytes, maxBytes, place);
  return payload;
}

/** Writes a payload that is known to be safe in JSON. */
export function writtenPayload(data: object): JsonPayload {
  const json = JSON.stringify(data);
  return new JsonPayload(json, Buffer.byteLength(json));
}

/**
 * Checks that JSON can keep a payload, in one pass without a copy. Allowed: plain objects and class instances without
 * `toJSON`, arrays, strings, finite numbers, booleans, null, valid Dates (become ISO text) and undefined properties
 * (dropped).
 * @throws InvalidPayloadError listing the paths (at most 50), or the size and the limit when `maxBytes` is certainly exceeded
 */
export function assertJsonSafe(data: unknown, maxBytes: number, place: PayloadPlace): asserts data is object {
  if (typeof data !== 'object' || data === null || Array.isArray(data) || data instanceof Date) {
    throw invalid([{ path: 'payload', message: mustBe('an object', kindOf(data)) }], place);
  }
  const walk = new PayloadWalk(maxBytes);
  reading(place, () => walk.visit(data, 1));
  if (walk.issues.length > 0) throw invalid(walk.issues, place);
  if (walk.leastBytes > maxBytes) throw tooLarge(walk.leastBytes, maxBytes, place, 'at least ');
}

/** Getters and proxies may throw anything. */
export function reading<Result>(place: PayloadPlace, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw new InvalidPayloadError(
      headline(place),
      [{ path: 'payload', message: 'a property could not be read; send plain data' }],
      { ...place, cause: error },
    );
  }
}

/** One pass without copies; stops as soon as the payload is certainly too large. */
class PayloadWalk {
  readonly issues: Issue[] = [];
  /** The JSON will have at least this many characters. */
  leastBytes = 0;
  private readonly path: (string | number)[] = [];
  private readonly ancestors: object[] = [];

  constructor(private readonly maxBytes: number) {}

  visit(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.leastBytes += value.length + 2;
        return;
      case 'number':
        this.leastBytes += 1;
        if (!Number.isFinite(value)) this.refuse(mustBe('a finite number', String(value)));
        return;
      case 'boolean':
        this.leastBytes += 4;
        return;
      case 'object':
        if (value === null) this.leastBytes += 4;
        else this.visitObject(value, depth);
        return;
      default:
        this.refuse(mustBe('JSON', kindOf(value)));
    }
  }

  private visitObject(value: object, depth: number): void {
    this.leastBytes += 1;
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) this.refuse('must be a valid date');
      return;
    }
    if (this.ancestors.includes(value)) {
      this.refuse('must not contain itself (circular)');
      return;
    }
    if (depth > MAX_DEPTH) {
      this.refuse(`must be at most ${MAX_DEPTH} levels deep`);
      return;
    }
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
      this.refuse(mustBe('plain data', `${kindOf(value)} with a toJSON method of its own`));
      return;
    }
    this.ancestors.push(value);
    if (Array.isArray(value)) this.visitItems(value, depth);
    else if (isRecord(value)) this.visitProperties(value, depth);
    else this.refuse(mustBe('plain data', kindOf(value)));
    this.ancestors.pop();
  }

  private visitItems(items: readonly unknown[], depth: number): void {
    for (let index = 0; index < items.length; index++) {
      if (this.isOver()) return;
      this.leastBytes += 1;
      this.path.push(index);
      const item = items[index];
      if (item === undefined) this.refuse('must not be undefined (an array would keep null instead)');
      else this.visit(item, depth + 1);
      this.path.pop();
    }
  }

  private visitProperties(record: Readonly<Record<string, unknown>>, depth: number): void {
    for (const key of Object.keys(record)) {
      if (this.isOver()) return;
      const value = record[key];
      if (value === undefined) continue;
      this.leastBytes += key.length + 4;
      this.path.push(key);
      if (key === '__proto__') this.refuse('is not allowed as a key');
      else this.visit(value, depth + 1);
      this.path.pop();
    }
    for (const symbol of Object.getOwnPropertySymbols(record)) {
      if (Object.prototype.propertyIsEnumerable.call(record, symbol)) {
        this.refuse(`must not have a symbol as a key (${String(symbol).slice(0, 40)})`);
      }
    }
  }

  private isOver(): boolean {
    return this.leastBytes > this.maxBytes || this.issues.length >= MAX_ISSUES;
  }

  private refuse(message: string): void {
    if (this.issues.length < MAX_ISSUES) this.issues.push({ path: pathText(this.path), message });
  }
}

/** Plain objects, objects without prototype and class instances; not Map, RegExp, Error, buffers, boxed values. */
function isRecord(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === Object.prototype ||
    prototype === null ||
    Object.prototype.toString.call(value) === '[object Object]'
  );
}

/** A path is for people, and a key could carry content. */
function pathText(path: readonly (string | number)[]): string {
  if (path.length === 0) return 'payload';
  const parts = path.map((part) => (typeof part === 'string' ? shownName(part) : part));
  return parts.length <= 12 ? parts.join('.') : [...parts.slice(0, 10), '…', ...parts.slice(-1)].join('.');
}

function headline(place: PayloadPlace): string {
  return `The payload of job "${place.job}" for queue "${place.queue}" cannot be queued:`;
}

export function invalid(issues: readonly Issue[], place: PayloadPlace): InvalidPayloadError {
  return new InvalidPayloadError(headline(place), issues, place);
}

export function tooLarge(
  bytes: number,
  maxBytes: number,
  place: PayloadPlace,
  prefix = '',
): InvalidPayloadError {
  const message =
    `has ${prefix}${bytes} bytes as JSON, and the limit is ${maxBytes}; ` +
    'store large content elsewhere and queue a reference, or raise the queue’s maxPayloadBytes';
  return invalid([{ path: 'payload', message }], place);
}
