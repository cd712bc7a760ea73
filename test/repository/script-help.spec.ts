import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..');

/** Of what the scripts write. */
function lastChanges(): (readonly [file: string, at: number])[] {
  return ['docs/api', 'docs/images'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map(
      (name) => [name, statSync(join(ROOT, folder, name)).mtimeMs] as const,
    ),
  );
}

describe('npm run', () => {
  it.each(['demo', 'screenshots', 'api-report'])(
    '%s -- --help explains it, and does nothing',
    async (name) => {
      const before = lastChanges();
      const { stdout, stderr } = await run('npm', ['run', '--silent', name, '--', '--help'], { cwd: ROOT });
      expect(stdout).toMatch(new RegExp(`^Usage: npm run ${name}\\b`));
      expect(stderr).toBe('');
      expect(lastChanges()).toEqual(before);
    },
  );
});
