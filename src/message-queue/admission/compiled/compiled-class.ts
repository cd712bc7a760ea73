import type { Type } from '@nestjs/common';
import { MAX_DEPTH } from '../payloads/json-payload.js';
import { isOrdinaryObject, UNSURE } from './json-copy.js';
import type { Reading } from './json-copy.js';
import type { CompiledProperty } from './compiled-property.js';

/** A payload class whose rules are known: one synchronous pass copies, transforms and validates. */
export class CompiledClass {
  readonly #type: Type<object>;
  readonly #properties = new Map<string, CompiledProperty>();
  readonly #list: CompiledProperty[] = [];

  constructor(type: Type<object>) {
    this.#type = type;
  }

  add(property: CompiledProperty): void {
    this.#properties.set(property.name, property);
    this.#list.push(property);
  }

  /**
   * The instance that class-transformer would make of the data, if class-validator would accept it; else UNSURE.
   * @param depth of the data, from 1
   * @throws whatever a getter, constructor, `@Transform` or rule throws
   */
  read(data: unknown, reading: Reading, depth: number): object | typeof UNSURE {
    if (!this.#isReadable(data) || depth > MAX_DEPTH) return UNSURE;
    reading.leastBytes += 1;
    const payload = new this.#type() as Record<string, unknown>;
    if (payload.constructor !== this.#type || !this.#acceptsDefaults(payload, data, depth)) return UNSURE;
    for (const key of Object.keys(data)) {
      const property = this.#properties.get(key);
      if (property === undefined) return UNSURE;
      const value = property.read(data, reading, depth + 1);
      if (value === UNSURE) return UNSURE;
      payload[key] = value;
    }
    if (reading.isOver()) return UNSURE;
    for (const property of this.#list) if (!property.accepts(payload)) return UNSURE;
    return payload;
  }

  #isReadable(data: unknown): data is Readonly<Record<string, unknown>> {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) return false;
    const prototype: unknown = Object.getPrototypeOf(data);
    if (prototype !== Object.prototype && prototype !== this.#type.prototype) return false;
    return isOrdinaryObject(data);
  }

  /** What the constructor set and the data leaves as it is must be declared, valid and JSON. */
  #acceptsDefaults(payload: Readonly<Record<string, unknown>>, data: object, depth: number): boolean {
    for (const key of Object.keys(payload)) {
      const property = this.#properties.get(key);
      // class-transformer does not replace a function.
      if (property === undefined || typeof payload[key] === 'function') return false;
      if (!Object.hasOwn(data, key) && !property.acceptsDefault(payload[key], depth + 1)) return false;
    }
    return true;
  }
}
