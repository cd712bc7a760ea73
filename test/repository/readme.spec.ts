import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const EXAMPLES = join('examples', 'host-app');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The examples are type-checked and run by this test suite; the README shows them word by word. */
describe('README', () => {
  it.each(readdirSync(join(ROOT, EXAMPLES)))('shows %s as it is', (file) => {
    const code = readFileSync(join(ROOT, EXAMPLES, file), 'utf8').trimEnd();
    expect(readme).toContain(`\`\`\`ts\n// examples/host-app/${file}\n${code}\n\`\`\``);
  });

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
