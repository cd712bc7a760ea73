import { isDeepStrictEqual, inspect } from 'node:util';
import type { Type } from '@nestjs/common';
import { acceptPayload } from '../../src/message-queue/admission/compiled/accept-payload.js';
import { assertJsonSafe } from '../../src/message-queue/admission/payloads/json-payload.js';
import { judgePayload } from '../../src/message-queue/admission/payload-validator.js';

type Accept = (type: Type<object>, data: unknown, maxBytes: number) => object | undefined;

/** What the compiled class said of many payloads, against what the libraries said of them. */
export interface Comparison {
  cases: number;
  gateYes: number;
  fastYes: number;
  /** Each with its seed and payload: yes where the libraries say no, another instance, or one that JSON does not keep. */
  readonly wrong: string[];
}

export interface ComparisonOptions {
  readonly seed?: number;
  readonly rounds?: number;
  /** Default: the product's. */
  readonly accept?: Accept;
}

const place = { queue: 'test', job: 'test' };

/** Asks both about usual payloads and random mutations of them. The same seed makes the same payloads. */
export async function compare(
  type: Type<object>,
  usual: readonly object[],
  { seed = 1, rounds = 1_000, accept = acceptPayload }: ComparisonOptions = {},
): Promise<Comparison> {
  const comparison: Comparison = { cases: 0, gateYes: 0, fastYes: 0, wrong: [] };
  for (let round = 0; round < rounds; round++) {
    // A seed per round, so that a failure is repeated alone.
    const mutator = new Mutator(seed * 100_003 + round);
    const original = usual[round % usual.length]!;
    const data = round < usual.length ? original : mutator.mutate(original, type);
    const maxBytes = mutator.chance(0.9) ? Number.POSITIVE_INFINITY : mutator.below(600);
    const yes = accept(type, data, maxBytes);
    const judged = await judgePayload(type, data, place, maxBytes).catch(() => undefined);
    comparison.cases++;
    if (judged !== undefined) comparison.gateYes++;
    if (yes === undefined) continue;
    comparison.fastYes++;
    const complaint = complaintAbout(type, yes, judged);
    if (complaint === undefined) continue;
    comparison.wrong.push(
      `${complaint} (${type.name}, seed ${seed}, round ${round}): ${inspect(data, { depth: 4 }).slice(0, 600)}`,
    );
  }
  return comparison;
}

function complaintAbout(type: Type<object>, yes: object, judged: object | undefined): string | undefined {
  if (judged === undefined) return 'yes, but the libraries say no';
  if (!isDeepStrictEqual(yes, judged)) return `${inspect(yes)} instead of ${inspect(judged)}`;
  if (!(yes instanceof type)) return 'no instance';
  if (!isJsonSafe(yes)) return 'yes, but JSON does not keep it';
  if (Object.keys(yes).join() !== Object.keys(judged).join()) return 'another order';
  if (JSON.stringify(yes) !== JSON.stringify(judged)) return 'other JSON';
  return undefined;
}

function isJsonSafe(payload: object): boolean {
  try {
    assertJsonSafe(payload, Number.POSITIVE_INFINITY, place);
    return true;
  } catch {
    return false;
  }
}

class Mutator {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1: mulberry32. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  mutate(value: unknown, type: Type<object>, depth = 0): unknown {
    if (typeof value === 'string' && this.chance(0.5)) return this.#text(value);
    if (typeof value === 'number' && this.chance(0.5))
      return value + this.pick([-1e6, -1, -0.5, 0.5, 1, 1e6, 1e13]);
    if (typeof value !== 'object' || value === null || value instanceof Date || this.chance(0.05))
      return this.#odd();
    if (Array.isArray(value) && this.chance(0.1))
      return this.pick([value[0] as unknown, new Array(40).fill(value[0])]);
    const copy = this.#copyOf(value, type, depth);
    const keys = Object.keys(copy);
    const turn = this.random();
    if (turn < 0.12 && keys.length > 0) Reflect.deleteProperty(copy, this.pick(keys));
    else if (turn < 0.22) this.#addTo(copy);
    else if (turn < 0.27 && keys.length > 0) this.#getter(copy, this.pick(keys));
    else if (turn < 0.3) Object.freeze(copy);
    else if (turn < 0.33) return this.#wrap(copy);
    else if (keys.length > 0) {
      const key = this.pick(keys);
      copy[key] = depth < 5 && this.chance(0.6) ? this.mutate(copy[key], type, depth + 1) : this.#odd();
      if (this.chance(0.3)) copy[this.pick(keys)] = this.#odd();
    }
    return copy;
  }

  #copyOf(value: object, type: Type<object>, depth: number): Record<string, unknown> {
    if (Array.isArray(value)) return [...(value as unknown[])] as unknown as Record<string, unknown>;
    if (this.chance(0.05))
      return Object.assign(Object.create(null) as object, value) as Record<string, unknown>;
    if (depth === 0 && this.chance(0.05)) {
      return Object.assign(Object.create(type.prototype as object) as object, value) as Record<
        string,
        unknown
      >;
    }
    return { ...value };
  }

  #text(value: string): string {
    const at = this.below(value.length + 1);
    return this.pick([
      value.slice(0, at),
      value + value,
      `${value.slice(0, at)}${this.pick([' ', '\0', 'é', '😀', '\ud800', 'A', '9', '-'])}${value.slice(at)}`,
      value.toUpperCase(),
      value.repeat(40),
    ]);
  }

  #addTo(copy: Record<string, unknown>): void {
    const names = [
      'extra',
      'toJSON',
      'then',
      'constructor',
      'hasOwnProperty',
      'forEach',
      '__proto__',
      'toString',
    ];
    const name = this.pick<string | symbol>([...names, Symbol('odd'), Symbol.toStringTag]);
    const value = this.chance(0.4) ? () => ({}) : this.#odd();
    Object.defineProperty(copy, name, {
      value,
      enumerable: this.chance(0.5),
      configurable: true,
      writable: true,
    });
  }

  #getter(copy: Record<string, unknown>, name: string): void {
    const value = copy[name];
    const get = this.chance(0.5)
      ? () => value
      : () => {
          throw new Error('getter');
        };
    Object.defineProperty(copy, name, { get, enumerable: true, configurable: true });
  }

  #wrap(copy: Record<string, unknown>): unknown {
    if (this.chance(0.3)) return new Proxy(copy, {});
    if (this.chance(0.3))
      return Object.setPrototypeOf(
        copy,
        this.pick([null, Array.prototype, Object.prototype, Date.prototype]),
      ) as unknown;
    copy.self = copy;
    return copy;
  }

  #odd(): unknown {
    return this.pick(ODD)();
  }
}

class Stranger {
  name = 'x';
}
class Moment extends Date {}
class List extends Array<unknown> {}

function nestedTo(depth: number): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? { value } : [value];
  return value;
}

const ODD: readonly (() => unknown)[] = [
  ...[null, undefined, '', 'x', 'é😀', '\ud800', ' ', 0, -1, 1.5, NaN, Infinity, true, false, 10n].map(
    (v) => () => v,
  ),
  ...[5, 1e21, -0, '5', 'true', '2026-01-01T00:00:00Z', '2026-13-01', Symbol('s')].map((v) => () => v),
  () => [],
  () => ({}),
  () => ['a', 'b'],
  () => [['a']],
  () => [{}],
  () => [null],
  () => ({ a: 1, b: { c: ['x'] } }),
  () => new Date(0),
  () => new Date(NaN),
  () => new Moment(5),
  () => Object.assign(new Date(0), { valueOf: () => 'x' }),
  () => Object.create(Date.prototype) as unknown,
  () => Object.setPrototypeOf(new Date(0), Object.prototype) as unknown,
  () => 'a'.repeat(300),
  () => () => 1,
  () => new Map([['a', 1]]),
  () => new Set(['a']),
  () => Promise.resolve('x'),
  () => Object.create(null) as unknown,
  () => Object.assign(Object.create(null) as object, { a: 1 }),
  () => ({ [Symbol('s')]: 1 }),
  () => ({ toJSON: () => 1 }),
  () => ({ toJSON: 'x' }),
  () => Object.defineProperty({}, 'toJSON', { value: () => 1 }),
  () => Object.defineProperty({}, 'then', { value: () => 1 }),
  () => Object.defineProperty({ a: 1 }, 'constructor', { value: Stranger }),
  () => ({ constructor: 'x', a: 1 }),
  () => ({ toString: 'x', hasOwnProperty: 1 }),
  () => JSON.parse('{"__proto__":{"a":1}}') as unknown,
  () => ({ undefined }),
  () => new Array(2),
  () => List.of('a'),
  () => Object.setPrototypeOf(['a'], null) as unknown,
  () => Object.setPrototypeOf([], Object.prototype) as unknown,
  () => Object.assign(['a'], { forEach: () => undefined }),
  () => Object.assign(['a'], { toJSON: () => 'x' }),
  () => Object.assign(['a'], { more: 1 }),
  () => new Stranger(),
  () => [new Stranger()],
  () => Buffer.from('x'),
  () => new Uint8Array(2),
  () => new String('x'),
  () => new Error('x'),
  () => /x/,
  () => new Proxy(['a'], {}),
  () => nestedTo(62),
  () => nestedTo(63),
  () => nestedTo(64),
];
