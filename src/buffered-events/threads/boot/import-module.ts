import { pathToFileURL } from 'node:url';

/** The exports of a file that only `import()` can load: an ES module that awaits at its top, or any where `require` knows none. */
export async function importModule(path: string): Promise<unknown> {
  return import(pathToFileURL(path).href);
}
