import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The examples are type-checked and run by this test suite; the pages show them word by word. */
describe.each([
  ['README.md', 'examples/host-app'],
  ['docs/from-bullmq.md', 'examples/from-bullmq'],
  ['docs/flow.md', 'examples/flow'],
  ['docs/buffered-events.md', 'src/examples/events'],
])('%s', (page, examples) => {
  const isShown = (file: string): boolean => page === 'README.md' || !file.endsWith('.spec.ts');

  it.each(readdirSync(join(ROOT, examples)).filter(isShown))('shows %s as it is', (file) => {
    const code = readFileSync(join(ROOT, examples, file), 'utf8').trimEnd();
    const text = readFileSync(join(ROOT, page), 'utf8');
    expect(text).toContain(`\`\`\`ts\n// ${examples}/${file}\n${code}\n\`\`\``);
  });
});

describe('docs/flow.md', () => {
  it('grants each wish with a line of its examples', () => {
    const [, wishes = ''] = readFileSync(join(ROOT, 'docs/flow.md'), 'utf8').split('| you wish ');
    const [table = ''] = wishes.split('\n\n');
    const lines = [...table.matchAll(/\| `(.+)` +\|$/gm)].map((match) => match[1] ?? '');
    const folder = join(ROOT, 'examples/flow');
    const code = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
    expect(lines.length).toBeGreaterThanOrEqual(7);
    expect(lines.filter((line) => !code.some((text) => text.includes(line)))).toEqual([]);
  });
});

describe('README', () => {
  it('links only to files that are there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? '');
    const missing = links.filter((link) => {
      try {
        return readFileSync(join(ROOT, link)).length === 0;
      } catch {
        return true;
      }
    });
    expect(missing).toEqual([]);
  });

  it('names only npm scripts that are there', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    const named = [...readme.matchAll(/npm (?:run )?([a-z:]+)/g)]
      .map((match) => match[1] ?? '')
      .filter((name) => !['ci', 'install', 'pack'].includes(name));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
