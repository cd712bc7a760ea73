import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from './shell.js';

/** The package as `npm pack` makes it, in a directory of its own where hosts can be built. */
export class PackageTarball {
  private constructor(
    readonly directory: string,
    /** Absolute. */
    readonly file: string,
    /** Paths in the package. */
    readonly paths: readonly string[],
  ) {}

  static async pack(): Promise<PackageTarball> {
    const directory = mkdtempSync(join(lonelyDirectory(), 'mq-packaging-'));
    // With its script, which builds it, unless whoever calls has just built it.
    const isBuilt = process.env['BUILT_ALREADY'] === '1';
    const pack = ['pack', `--ignore-scripts=${isBuilt}`, '--json', '--pack-destination', directory];
    const output = await run('npm', pack, process.cwd());
    const [packed] = JSON.parse(output.slice(output.indexOf('[\n'))) as {
      filename: string;
      files: { path: string }[];
    }[];
    if (packed === undefined) throw new Error(`npm pack printed no package:\n${output}`);
    const paths = packed.files.map(({ path }) => path);
    return new PackageTarball(directory, join(directory, packed.filename), paths);
  }

  remove(): void {
    // After a failure another host may still be installing.
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 20 });
  }
}

/** Node looks for packages in all directories above, where the hosts must find none. */
function lonelyDirectory(): string {
  const above = (path: string): string[] =>
    path === dirname(path) ? [path] : [path, ...above(dirname(path))];
  const found = [tmpdir(), '/var/tmp'].find(
    (path) => existsSync(path) && !above(path).some((parent) => existsSync(join(parent, 'node_modules'))),
  );
  if (found !== undefined) return found;
  throw new Error(`There is a node_modules in or above ${tmpdir()}: remove it, or set TMPDIR.`);
}
