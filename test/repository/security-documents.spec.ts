import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AuditAction } from '../../src/message-queue/ports/index.js';

const REVIEW = 'docs/health-care.md';
const PRIVACY = 'docs/privacy.md';
const NO_TEST = '**no test**';

interface Link {
  readonly file: string;
  readonly anchor: string;
  /** Words in quotes behind it: titles of tests in the file. */
  readonly titles: readonly string[];
}

/** The links of a text that do not leave the repository, as paths from its root. */
function linksOf(text: string, page: string): Link[] {
  const links = text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)((?:[:,] "[^"]+")*)/g);
  return [...links].map(([, path = '', anchor = '', titles = '']) => ({
    file: path === '' ? page : join(dirname(page), path),
    anchor,
    titles: [...titles.matchAll(/"([^"]+)"/g)].map(([, title]) => title ?? ''),
  }));
}

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(page: string): string[] {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Rows of the review's tables: promise, where it is described, what holds it. */
function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\| (Promise |---|:?-)/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

describe.each(['SECURITY.md', REVIEW, PRIVACY])('%s', (page) => {
  const links = linksOf(readFileSync(page, 'utf8'), page);

  it('links only to files and headings that are there', () => {
    const missing = links.filter(
      ({ file, anchor }) => !existsSync(file) || (anchor !== '' && !anchorsOf(file).includes(anchor)),
    );
    expect(links.length).toBeGreaterThan(5);
    expect(missing).toEqual([]);
  });
});

describe(PRIVACY, () => {
  it('says of each action of the audit what it is', () => {
    const named = rowsOf(readFileSync(PRIVACY, 'utf8')).map(([action = '']) => action);
    const missing = Object.values(AuditAction).filter(
      (action) => !named.some((cell) => cell.includes(`\`${action}\``)),
    );
    expect(missing).toEqual([]);
  });
});

describe(REVIEW, () => {
  const text = readFileSync(REVIEW, 'utf8');
  const rows = rowsOf(text);

  it('names tests that are there, by titles that they have', () => {
    const gone = linksOf(text, REVIEW).flatMap(({ file, titles }) => {
      const code = readFileSync(file, 'utf8');
      return titles.filter((title) => !code.includes(title)).map((title) => `${file}: ${title}`);
    });
    expect(gone).toEqual([]);
  });

  it('says of each promise which test holds it, or that none does', () => {
    expect(rows.length).toBeGreaterThan(30);
    for (const [promise = '', , holder = '', ...more] of rows) {
      const tests = linksOf(holder, REVIEW);
      expect(more).toEqual([]);
      expect([promise, tests.length > 0 || holder.includes(NO_TEST)]).toEqual([promise, true]);
      for (const { file, titles } of tests) {
        expect(file).toMatch(/^(test|src)\/.+\.(spec|cases|contract)\.ts$/);
        expect([file, titles.length > 0]).toEqual([file, true]);
      }
    }
  });

  it('is linked from the pages that a reviewer begins with', () => {
    for (const page of ['README.md', 'SECURITY.md', 'docs/privacy.md'])
      expect(linksOf(readFileSync(page, 'utf8'), page).map(({ file }) => file)).toContain(REVIEW);
  });
});
