import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { PackageTarball } from './package-tarball.js';
import { readmeBlock } from './readme.js';
import { run } from './shell.js';

const SNIPPETS = resolve('test/packaging/snippets');
const EXAMPLES = resolve('examples/host-app');
const SEED = resolve('test/events/seed-snippets');

/** A kind of app that somebody starts with. */
export interface Beginning {
  readonly name: string;
  /** Folder of `snippets` with what `nest new` of this release generates, the linter and its settings left out. */
  readonly template: 'nest-11' | 'nest-12';
  /** What only the README's install line for this release holds. */
  readonly installs: string;
  /** On Fastify, with optional packages, in place of Express. */
  readonly isOnFastify?: boolean;
}

/** The app of a new user, who follows the README's "five minutes" word by word. */
export class NewUser {
  readonly folder: string;

  constructor(
    private readonly tarball: PackageTarball,
    private readonly beginning: Beginning,
  ) {
    this.folder = join(tarball.directory, beginning.name.replaceAll(/\W+/g, '-'));
  }

  /** Generates the app, follows the README, and builds it with the app's own command. */
  async build(): Promise<void> {
    const { template, installs, isOnFastify = false } = this.beginning;
    cpSync(join(SNIPPETS, template), this.folder, { recursive: true });
    this.copy(EXAMPLES);
    // Programs that end by themselves, and servers that differ from the generated main.ts: not from the README.
    this.copy(join(SNIPPETS, 'programs'));
    this.copyFile(join(SNIPPETS, 'servers', 'prefixed.ts'), 'prefixed.ts');
    this.copySeed();
    if (isOnFastify) this.moveToFastify();
    this.writeAppModule();
    if (template === 'nest-11') this.configureJest();
    await this.install(readmeBlock('bash', installs));
    await this.npm('run', 'build');
  }

  /** Runs one of the app's own scripts, or another command of npm. */
  npm(...args: readonly string[]): Promise<string> {
    return run('npm', args, this.folder);
  }

  /** Runs a program of the build to its end. @returns what it printed */
  node(program: string, ...args: readonly string[]): Promise<string> {
    return run(process.execPath, [join('dist', program), ...args], this.folder);
  }

  /** Runs all code blocks of the seed of buffered events, with another Node. @returns what they printed */
  runSeed(binary: string): Promise<string> {
    const module = join(this.folder, 'dist', 'seed', 'seed-threads.module.js');
    return run(binary, [join('dist', 'seed', 'seed-stage.js')], this.folder, {
      BUFFERED_EVENTS_THREADS_MODULE: module,
    });
  }

  private install(line: string): Promise<string> {
    return run('sh', ['-c', line.replace('nestjs-message-queue', this.tarball.file)], this.folder);
  }

  private moveToFastify(): void {
    this.copyFile(join(SNIPPETS, 'servers', 'fastify.ts'), 'main.ts');
    // They ask the Express that the generated app has.
    for (const express of ['src/prefixed.ts', 'test/app.e2e-spec.ts']) rmSync(join(this.folder, express));
    this.change('package.json', ({ dependencies, ...manifest }) => {
      const { '@nestjs/platform-express': release, ...others } = dependencies as Record<string, string>;
      return {
        ...manifest,
        dependencies: {
          ...{ ...others, '@nestjs/platform-fastify': release },
          ...{ piscina: '^5.0.0', kysely: '^0.28.0' },
        },
      };
    });
  }

  private writeAppModule(): void {
    const module = readmeBlock('ts', '// src/app.module.ts');
    const imports = / *imports: \[ConfigModule\.forRoot\(\), MessageQueueModule.*\],/;
    if (!imports.test(module)) throw new Error('The README has no line of imports for FilesModule to join.');
    const joined = module.replace(imports, readmeBlock('ts', 'FilesModule],'));
    const own = "import { FilesModule } from './files.module.js';";
    writeFileSync(join(this.folder, 'src', 'app.module.ts'), `${own}\n${joined}\n`);
  }

  private configureJest(): void {
    const mapper = JSON.parse(`{${readmeBlock('json', '"moduleNameMapper"')}}`) as object;
    this.change('package.json', ({ jest, ...manifest }) => ({
      ...manifest,
      jest: { ...(jest as object), ...mapper },
    }));
    this.change('test/jest-e2e.json', (settings) => ({ ...settings, ...mapper }));
  }

  private change(file: string, change: (content: Record<string, unknown>) => object): void {
    const path = join(this.folder, file);
    const content = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify(change(content), null, 2));
  }

  private copy(directory: string): void {
    for (const file of readdirSync(directory)) this.copyFile(join(directory, file), file);
  }

  /** The code blocks as they are kept, and what runs them. */
  private copySeed(): void {
    const isRun = (file: string): boolean => /\.m?ts$/.test(file) && !file.endsWith('.spec.ts');
    mkdirSync(join(this.folder, 'src', 'seed'));
    for (const file of readdirSync(SEED).filter(isRun)) this.copyFile(join(SEED, file), join('seed', file));
  }

  private copyFile(file: string, as: string): void {
    copyFileSync(file, join(this.folder, 'src', as));
  }
}
