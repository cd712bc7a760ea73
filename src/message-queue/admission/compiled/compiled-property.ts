import type { Transformer, TransformMetadata } from './transformer-storage.js';
import { copyMade, UNSURE } from './json-copy.js';
import type { Reading } from './json-copy.js';
import type { PropertyRules } from './property-rules.js';
import { refusePromise } from './property-rules.js';
import type { ReadValue } from './read-value.js';

/** What a property is compiled from. */
export interface PropertyParts {
  readonly name: string;
  /** Copies the value, and converts it to what its `@Type` says. */
  readonly readValue: ReadValue;
  readonly transforms: readonly TransformMetadata[];
  readonly transformer: Transformer;
  readonly rules: PropertyRules;
}

/** One declared property of a payload class. */
export class CompiledProperty {
  readonly name: string;
  readonly #parts: PropertyParts;

  constructor(parts: PropertyParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  /** The value of the instance made of `data`, before the rules; UNSURE as {@link copyJson}. */
  read(data: Readonly<Record<string, unknown>>, reading: Reading, depth: number): unknown {
    const { name, readValue, transforms } = this.#parts;
    const value = data[name];
    let made = value;
    if (value !== undefined) {
      reading.leastBytes += name.length + 4;
      made = readValue(value, reading, depth);
    }
    return transforms.length === 0 || made === UNSURE ? made : this.#transform(made, data, depth);
  }

  /** Whether the rules accept the value that an instance has. */
  accepts(payload: Readonly<Record<string, unknown>>): boolean {
    return this.#parts.rules.accept(payload[this.name], payload);
  }

  /** Whether a value that the class's constructor set may stay; the rules are asked later. */
  acceptsDefault(value: unknown, depth: number): boolean {
    if (copyMade(value, depth) === UNSURE) return false;
    // Nothing has judged the objects in it.
    const isEmpty =
      typeof value !== 'object' || value === null || (Array.isArray(value) && value.length === 0);
    return !this.#parts.rules.isNested || isEmpty;
  }

  #transform(value: unknown, data: object, depth: number): unknown {
    const { name: key, transforms, transformer } = this.#parts;
    const { direction: type, options } = transformer;
    let made = value;
    for (const transform of transforms) {
      made = transform.transformFn({ value: made, key, obj: data, type, options });
      refusePromise(made);
    }
    return made === value ? value : copyMade(made, depth);
  }
}
