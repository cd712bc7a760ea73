import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { createRequire } from 'node:module';
import { didYouMean } from '../../../kernel/values/did-you-mean.js';
import { quoted } from '../../../kernel/values/words.js';
import { EventThreadStartError } from '../../events/errors.js';
import { importModule } from './import-module.js';
import { ModuleNotBuiltError, placeOf } from './module-place.js';
import type { ModulePlace } from './module-place.js';

const requireFromHere = createRequire(__filename);

/** What `@Module()` writes on a class: one of them at least, unless it is empty. */
const MODULE_KEYS = ['imports', 'providers', 'controllers', 'exports'] as const;
const SOURCE = /\.[cm]?ts$/;
/** Codes of Node for what only `import()` loads. */
const NEEDS_IMPORT: ReadonlySet<unknown> = new Set(['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE']);
/** Codes of Node for TypeScript that it does not know, or not all of. */
const KNOWS_NO_TYPESCRIPT: ReadonlySet<unknown> = new Set([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
]);

/**
 * Loads the class that `threads.module` names: the one exported class with `@Module()`, or the one behind `#`.
 * CommonJS and ES modules; here, in this thread.
 * @throws EventThreadStartError with what to do; what the file itself throws, as it is
 */
export async function loadThreadModule(module: string): Promise<Type> {
  const place = placeOf(module);
  const exported = exportsOf(await load(place.path));
  return place.name === undefined ? theOneOf(exported, place) : named(exported, place, place.name);
}

async function load(path: string): Promise<unknown> {
  try {
    return requireFromHere(path);
  } catch (error) {
    const code = codeOf(error);
    if (NEEDS_IMPORT.has(code)) return importModule(path);
    if (SOURCE.test(path) && (KNOWS_NO_TYPESCRIPT.has(code) || error instanceof SyntaxError)) {
      throw new ModuleNotBuiltError(
        `${quoted(path)} is TypeScript with decorators, which Node itself does not know. Name the built file, or a loader ` +
          "in threads.execArgv such as ['--require', 'ts-node/register'], or set workerCount to 0.",
        { cause: error },
      );
    }
    throw error;
  }
}

/** By name. What CommonJS exports is, for `import()`, the default of a module; so may a class be. */
function exportsOf(loaded: unknown): ReadonlyMap<string, unknown> {
  const all = new Map<string, unknown>();
  if (isModuleClass(loaded)) return all.set(loaded.name, loaded);
  if (typeof loaded !== 'object' || loaded === null) return all;
  for (const [name, value] of Object.entries(loaded)) {
    const isWhole = name === 'default' && typeof value === 'object' && value !== null;
    if (isWhole) for (const [inner, one] of Object.entries(value as object)) all.set(inner, one);
    else all.set(name, value);
  }
  return all;
}

function theOneOf(exported: ReadonlyMap<string, unknown>, { path }: ModulePlace): Type {
  const modules = modulesOf(exported);
  const [first, second] = new Set(modules.values());
  if (first === undefined) {
    const [name] = [...exported].find(([, value]) => isClass(value)) ?? [];
    throw new EventThreadStartError(
      `${quoted(path)} exports no class with @Module(): threads.module names the file of the module that worker threads boot. ` +
        `It exports ${listed(exported.keys())}.` +
        (name === undefined
          ? ''
          : ` An empty @Module({}) leaves no mark on its class: name it, as in ${quoted(`…#${name}`)}.`),
    );
  }
  if (second !== undefined) {
    throw new EventThreadStartError(
      `${quoted(path)} exports several modules (${listed(modules.keys())}): say which one worker threads boot, ` +
        `as in ${quoted(`…#${first.name}`)}.`,
    );
  }
  return first;
}

function named(exported: ReadonlyMap<string, unknown>, { path }: ModulePlace, name: string): Type {
  const found = exported.get(name);
  // Who names a class says what it is: an empty @Module({}) leaves no mark on it.
  if (isClass(found)) return found;
  const modules = modulesOf(exported);
  throw new EventThreadStartError(
    exported.has(name)
      ? `What ${quoted(path)} exports as ${quoted(name)} is no class. Modules in it: ${listed(modules.keys())}.`
      : `${quoted(path)} exports no ${quoted(name)}.${didYouMean(name, modules.keys())} Modules in it: ${listed(modules.keys())}.`,
  );
}

function modulesOf(exported: ReadonlyMap<string, unknown>): ReadonlyMap<string, Type> {
  const modules = new Map<string, Type>();
  for (const [name, value] of exported) if (isModuleClass(value)) modules.set(name, value);
  return modules;
}

function isModuleClass(value: unknown): value is Type {
  return typeof value === 'function' && MODULE_KEYS.some((key) => Reflect.hasOwnMetadata(key, value));
}

/** A class that may be a module: what handlers are found by is on its providers, not on itself. */
function isClass(value: unknown): value is Type {
  return isModuleClass(value) || (typeof value === 'function' && /^class\b/.test(String(value)));
}

function listed(names: Iterable<string>): string {
  return [...names].join(', ') || 'nothing';
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
