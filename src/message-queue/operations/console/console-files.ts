import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { html } from '../board/pages/page.js';

/** Where the console is and what it leads to, as addresses of this app. */
export interface ConsolePlace {
  /** Of the console itself, such as `/admin/console`. */
  readonly address: string;
  /** Of the REST routes that it asks. */
  readonly restAddress: string;
  /** Of the board; null where there is none. */
  readonly boardAddress: string | null;
  /** What is shown before the first answer. */
  readonly title: string;
}

/** One file as it is sent. */
export interface ConsoleFile {
  readonly body: Buffer;
  readonly type: string;
  /** A strong one, of the content. */
  readonly etag: string;
}

const DIRECTORY = join(__dirname, 'assets');
const PAGE = 'index.html';
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/**
 * The console's files by their name in the address, such as `pages/jobs.js`; the page itself has the empty one. Nothing else is served, whatever
 * an address says. They are read once: 300 kB.
 */
export function consoleFiles(place: ConsolePlace): ReadonlyMap<string, ConsoleFile> {
  const names = readdirSync(DIRECTORY, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && TYPES[extname(entry.name)] !== undefined)
    .map(({ parentPath, name }) => join(parentPath, name).slice(DIRECTORY.length + 1));
  return new Map(
    names.map((name) => {
      const content = readFileSync(join(DIRECTORY, name));
      if (name === PAGE) return ['', fileOf(name, Buffer.from(pageAt(place, content.toString())))];
      return [name.replaceAll('\\', '/'), fileOf(name, content)];
    }),
  );
}

function fileOf(name: string, body: Buffer): ConsoleFile {
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 27);
  return { body, type: TYPES[extname(name)] ?? '', etag: `"${hash}"` };
}

/** The page has addresses from the root of the site: a browser is at `/admin/console` or at `/admin/console/`, and relative ones would differ. */
function pageAt({ address, restAddress, boardAddress, title }: ConsolePlace, page: string): string {
  const values: Readonly<Record<string, string>> = {
    address,
    rest: restAddress,
    board: boardAddress ?? '',
    title,
  };
  return page.replace(/\{\{(\w+)\}\}/g, (_, name: string) => html(values[name] ?? ''));
}
