import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageVersion } from './package-version.js';

/** Folders above the file that was started in which a `package.json` is looked for. */
const MOST_FOLDERS = 8;
const LONGEST_VERSION = 64;

/**
 * The version of the app that this process runs: that of the nearest `package.json` above the file that was started, else of this package.
 * @param started default: the file that Node was started with
 */
export function appVersion(started: string | undefined = process.argv[1]): string {
  let folder = started === undefined ? process.cwd() : dirname(started);
  for (let looked = 0; looked < MOST_FOLDERS; looked++) {
    const version = versionIn(folder);
    if (version !== undefined) return version;
    const above = dirname(folder);
    if (above === folder) break;
    folder = above;
  }
  return packageVersion();
}

/** What is no version, or longer than any, is none. */
function versionIn(folder: string): string | undefined {
  try {
    const text = readFileSync(join(folder, 'package.json'), 'utf8');
    const { version } = JSON.parse(text) as { readonly version?: unknown };
    const isVersion = typeof version === 'string' && version !== '' && version.length <= LONGEST_VERSION;
    return isVersion ? version : undefined;
  } catch {
    return undefined;
  }
}
