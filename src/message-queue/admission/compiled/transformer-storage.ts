import { createRequire } from 'node:module';
import type { Type } from '@nestjs/common';
import { plainToInstance, Transform } from 'class-transformer';
import type { TransformFnParams } from 'class-transformer';

/** A `@Transform`. */
export interface TransformMetadata {
  readonly options?: { readonly groups?: readonly string[] };
  transformFn(params: TransformFnParams): unknown;
}

/** A `@Type`. */
export interface TypeMetadata {
  readonly reflectedType?: unknown;
  readonly typeFunction?: (...args: never[]) => unknown;
  readonly options?: { readonly discriminator?: unknown };
}

/** What class-transformer knows of all classes, inherited things included. */
export interface TransformerStorage {
  findTransformMetadatas(type: Type<object>, property: string, direction: number): TransformMetadata[];
  findTypeMetadata(type: Type<object>, property: string): TypeMetadata | undefined;
  getExposedMetadatas(type: Type<object>): readonly unknown[];
  getExcludedMetadatas(type: Type<object>): readonly unknown[];
  getStrategy(type: Type<object>): string;
}

/** class-transformer's storage, and what it tells each `@Transform` of the way and the options. */
export interface Transformer {
  readonly storage: TransformerStorage;
  readonly direction: TransformFnParams['type'];
  readonly options: TransformFnParams['options'];
}

/** Looked at once at load: it must be known before classes are registered, and whether the storage is the right one. */
class Probe {
  value?: unknown;
}

/**
 * class-transformer's own storage, which it does not export; undefined when it is not where it used to be, or is another
 * copy's: a bundler may give us one build of class-transformer and its storage of another.
 */
export function findTransformer(): Transformer | undefined {
  let seen: TransformFnParams | undefined;
  const look = (params: TransformFnParams): unknown => (seen = params);
  Transform(look)(Probe.prototype, 'value');
  plainToInstance(Probe, { value: 1 });
  const storage = loadStorage();
  if (seen === undefined || storage === undefined) return undefined;
  const { type: direction, options } = seen;
  const isSame = storage.findTransformMetadatas(Probe, 'value', direction).at(-1)?.transformFn === look;
  return isSame ? { storage, direction, options } : undefined;
}

function loadStorage(): TransformerStorage | undefined {
  try {
    const loaded = createRequire(__filename)('class-transformer/cjs/storage.js') as {
      readonly defaultMetadataStorage?: TransformerStorage;
    };
    return loaded.defaultMetadataStorage;
  } catch {
    return undefined;
  }
}
