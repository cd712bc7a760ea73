import { createRequire } from 'node:module';
import { MissingPackageError } from '../errors.js';

const requireFromHere = createRequire(__filename);

/**
 * Loads an optional peer dependency at the moment it is needed, so that a host installs only what its adapters use.
 *
 * ```ts
 * const pg = loadOptionalPackage<typeof import('pg')>('pg', 'the PostgreSQL stores');
 * ```
 *
 * @param name the package (or one of its subpaths), as one would import it
 * @param neededBy who needs it, in the plural, for the error's message
 * @throws MissingPackageError when it is not installed, or cannot be loaded on this machine (then with its `cause`)
 */
export function loadOptionalPackage<T>(name: string, neededBy: string): T {
  try {
    return requireFromHere(name) as T;
  } catch (cause) {
    throw new MissingPackageError(
      isAbsent(cause, name)
        ? `The package "${name}" is not installed; ${neededBy} need it: npm install ${packageOf(name)}`
        : `The package "${name}", which ${neededBy} need, is installed but cannot be loaded: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

function isAbsent(cause: unknown, name: string): boolean {
  // A package's own missing dependency has the same code; only the first line names what was looked for.
  return (
    codeOf(cause) === 'MODULE_NOT_FOUND' && (messageOf(cause).split('\n')[0] ?? '').includes(`'${name}'`)
  );
}

function codeOf(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
