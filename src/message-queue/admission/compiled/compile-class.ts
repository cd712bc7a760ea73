import type { Type } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { CompiledClass } from './compiled-class.js';
import { CompiledProperty } from './compiled-property.js';
import { copyJson } from './json-copy.js';
import { PropertyRules, Rule } from './property-rules.js';
import type { ValidationMetadata } from './property-rules.js';
import { conversionTo, nestedIn } from './read-value.js';
import type { ReadValue } from './read-value.js';
import { findTransformer } from './transformer-storage.js';
import type { Transformer } from './transformer-storage.js';

const transformer = findTransformer();

/** Something that a class's metadata says is not understood here. */
class NotUnderstoodError extends Error {}

/**
 * Compiles what class-validator and class-transformer know of a class and of the classes in it, now: what a decorator
 * registers later is not seen. Undefined when anything of it is not understood: `@Expose`, `@Exclude`, discriminators,
 * `@ValidatePromise`, rules declared async, accessors, a `@Type` without `@ValidateNested` or the other way round, a
 * `@Type` that looks at its object, and classes that extend built-in ones.
 */
export function compileClass(type: Type<object>): CompiledClass | undefined {
  if (transformer === undefined) return undefined;
  try {
    return new ClassCompiler(transformer).compile(type);
  } catch {
    return undefined; // also a `@Type` of a module that failed to load, and constraints without an instance
  }
}

class ClassCompiler {
  readonly #storage = getMetadataStorage();
  readonly #transformer: Transformer;
  /** Of one compilation, so that a class may contain itself, and one that is not understood spoils them all. */
  readonly #compiled = new Map<unknown, CompiledClass>();

  constructor(transformerInUse: Transformer) {
    this.#transformer = transformerInUse;
  }

  compile(type: Type<object>): CompiledClass {
    const known = this.#compiled.get(type);
    if (known !== undefined) return known;
    understand(isOrdinaryClass(type) && this.#exposesAll(type));
    const compiled = new CompiledClass(type);
    this.#compiled.set(type, compiled);
    const metadatas = this.#metadatasOf(type);
    understand(metadatas.length > 0);
    for (const name of new Set(metadatas.map(({ propertyName }) => propertyName))) {
      const own = metadatas.filter(({ propertyName }) => propertyName === name);
      compiled.add(this.#property(type, name, own));
    }
    return compiled;
  }

  /** As `validate()` without groups asks for them: rules with groups count too. */
  #metadatasOf(type: Type<object>): ValidationMetadata[] {
    return this.#storage.getTargetValidationMetadatas(type, '', false, false);
  }

  #exposesAll(type: Type<object>): boolean {
    const { storage } = this.#transformer;
    const { length: exposed } = storage.getExposedMetadatas(type);
    return exposed + storage.getExcludedMetadatas(type).length === 0 && storage.getStrategy(type) === 'none';
  }

  #property(type: Type<object>, name: string, metadatas: readonly ValidationMetadata[]): CompiledProperty {
    // Methods, accessors, and what every object has: class-transformer leaves some of them out.
    understand(typeof name === 'string' && !(name in type.prototype));
    const { storage, direction } = this.#transformer;
    const rules = new PropertyRules();
    for (const metadata of metadatas) this.#addTo(rules, type, metadata);
    const transforms = storage
      .findTransformMetadatas(type, name, direction)
      .filter(({ options }) => (options?.groups ?? []).length === 0);
    understand(!rules.isNested || transforms.length === 0);
    const readValue = this.#readerOf(type, name, rules.isNested);
    return new CompiledProperty({ name, rules, transforms, transformer: this.#transformer, readValue });
  }

  #addTo(rules: PropertyRules, type: Type<object>, metadata: ValidationMetadata): void {
    switch (metadata.type) {
      case 'whitelistValidation':
        return;
      case 'nestedValidation':
        rules.isNested = true;
        return;
      case 'conditionalValidation':
        understand(typeof metadata.constraints[0] === 'function');
        rules.addCondition(metadata);
        return;
      case 'isDefined':
      case 'customValidation':
        for (const constraint of this.#storage.getTargetValidatorConstraints(metadata.constraintCls)) {
          understand(!constraint.async);
          rules.addRule(new Rule(type, metadata, constraint));
        }
        return;
      default:
        understand(false);
    }
  }

  #readerOf(type: Type<object>, name: string, isNested: boolean): ReadValue {
    const metadata = this.#transformer.storage.findTypeMetadata(type, name);
    if (metadata === undefined) {
      understand(!isNested);
      return copyJson;
    }
    const { typeFunction, reflectedType, options } = metadata;
    understand(options?.discriminator === undefined && reflectedType !== Map && reflectedType !== Set);
    understand(typeFunction !== undefined && typeFunction.length === 0);
    const inner: unknown = typeFunction();
    if (isNested) {
      const takesLists = reflectedType === undefined || reflectedType === Array || reflectedType === Object;
      const compiled = this.compile(inner as Type<object>);
      return nestedIn((value, reading, depth) => compiled.read(value, reading, depth), takesLists);
    }
    const conversion = conversionTo(inner);
    understand(conversion !== undefined);
    return conversion;
  }
}

function understand(isUnderstood: boolean): asserts isUnderstood {
  if (!isUnderstood) throw new NotUnderstoodError();
}

/** Whether instances are plain records to JSON and class-transformer, whatever classes they inherit from. */
function isOrdinaryClass(type: Type<object>): boolean {
  const { prototype } = type as { readonly prototype: object };
  if (prototype.constructor !== type || Symbol.toStringTag in prototype) return false;
  if ('toJSON' in prototype || 'then' in prototype) return false;
  let at: object | null = prototype;
  while (at !== null && at !== Object.prototype) {
    if (/\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(at.constructor))) return false;
    at = Object.getPrototypeOf(at) as object | null;
  }
  return at !== null;
}
