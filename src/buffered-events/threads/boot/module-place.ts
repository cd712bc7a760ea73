import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quoted } from '../../../kernel/values/words.js';
import { EventThreadStartError } from '../../events/errors.js';

const requireFromHere = createRequire(__filename);

/** The module's file cannot be had in this process: it is not built, or TypeScript that nothing here knows. */
export class ModuleNotBuiltError extends EventThreadStartError {
  override name = EventThreadStartError.name;
}

/** Where the module of the threads is. */
export interface ModulePlace {
  /** Of a file that exists. */
  readonly path: string;
  /** What stands behind `#`; undefined: the file exports one module. */
  readonly name: string | undefined;
}

/** A name of an export behind a path. */
const NAMED = /^(.*)#([\p{ID_Start}$_][\p{ID_Continue}$]*)$/su;
const BUILT = /\.([cm]?)js$/;
const SOURCE = /\.[cm]?ts$/;

/**
 * Finds the file that `threads.module` names: a path or a file URL, `#Name` behind it. A path without an ending has the
 * one that can be loaded here: `.js` when built, `.ts` where sources run (Jest, ts-node).
 * @throws EventThreadStartError with what to do
 */
export function placeOf(module: string): ModulePlace {
  const whole = pathOf(module);
  const [, front, name] = NAMED.exec(whole) ?? [];
  // A path may have a # of its own.
  if (front === undefined || existsSync(whole)) return { path: fileAt(whole, module), name: undefined };
  return { path: fileAt(front, module), name };
}

function pathOf(module: string): string {
  if (!/^file:/i.test(module)) return module;
  const hash = module.indexOf('#');
  const [url, name] = hash < 0 ? [module, ''] : [module.slice(0, hash), module.slice(hash)];
  try {
    return fileURLToPath(url) + name;
  } catch (cause) {
    throw new EventThreadStartError(`threads.module is no URL of a file: ${quoted(module)}.`, { cause });
  }
}

function fileAt(path: string, module: string): string {
  if (!isAbsolute(path)) {
    throw new EventThreadStartError(
      `threads.module must be an absolute path or a file URL, got ${quoted(module)}: ` +
        "write join(__dirname, 'events.module.js'), or new URL('./events.module.js', import.meta.url).",
    );
  }
  if (existsSync(path) && hasEnding(path)) return path;
  const found = resolved(path);
  if (found !== undefined) return found;
  const source = path.replace(BUILT, '.$1ts');
  const besides = source !== path && existsSync(source) ? ` ${besidesText(source)}` : '';
  throw new ModuleNotBuiltError(
    `threads.module names ${quoted(path)}, and there is no such file.${besides || ' Is it built, and part of what is deployed?'}`,
  );
}

function besidesText(source: string): string {
  return (
    `There is ${quoted(source)}: this app runs from its sources. Build it; or name the module without an ending and a loader ` +
    'that knows decorators in threads.execArgv; or set workerCount to 0 and import the module in the app (tests).'
  );
}

function hasEnding(path: string): boolean {
  return BUILT.test(path) || SOURCE.test(path);
}

/** As Node, or whoever loads modules here, completes a path. */
function resolved(path: string): string | undefined {
  try {
    return requireFromHere.resolve(path);
  } catch {
    return undefined;
  }
}
