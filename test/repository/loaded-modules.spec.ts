import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/** Prints what a process has loaded once it has required one entry of the package. */
const PRINT_LOADED = `
require(process.argv[1]);
console.log(JSON.stringify(Object.keys(require.cache)));
`;

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** What decorators, payloads and the tokens of Nest and Bull need; `bull` and `ioredis` come with `@nestjs/bull`. */
const NEEDED = [
  ...['@nestjs/bull', '@nestjs/bull-shared', '@nestjs/common', '@nestjs/core', 'bull', 'ioredis'],
  ...['class-transformer', 'class-validator', 'cron-parser', 'reflect-metadata', 'rxjs'],
];

function loadedBy(entry: string): {
  readonly packages: ReadonlySet<string>;
  readonly ours: readonly string[];
} {
  const hook = resolve('test/support/typescript-hook.cjs');
  const printed = execFileSync(process.execPath, ['--require', hook, '-e', PRINT_LOADED, resolve(entry)], {
    encoding: 'utf8',
  });
  const files = JSON.parse(printed) as string[];
  const names = files.flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  const ours = files.flatMap((file) => /\/src\/message-queue\/(.*)$/.exec(file)?.[1] ?? []);
  return { packages: new Set(names), ours };
}

describe('a host that imports the package', () => {
  const { packages, ours } = loadedBy('src/message-queue/index.ts');

  it('gets what its decorators and payloads need', () => {
    expect([...packages]).toEqual(expect.arrayContaining(['class-validator', 'class-transformer']));
    expect(ours).toContain('wiring/root.module.ts');
  });

  it('loads no package that only some hosts use', () => {
    const { dependencies, peerDependencies } = jest.requireActual<Manifest>('../../package.json');
    const declared = Object.keys({ ...dependencies, ...peerDependencies });
    const others = [...declared.filter((name) => !NEEDED.includes(name)), 'express', 'ejs', 'undici'];
    expect(others).toEqual(expect.arrayContaining(['@bull-board/api', '@nestjs/config', 'cockatiel', 'pg']));
    expect(others.filter((name) => packages.has(name))).toEqual([]);
  });

  it('loads neither provider before it is known which one keeps the jobs', () => {
    expect(ours.filter((file) => /^broker\/(redis|memory)\//.test(file))).toEqual([]);
  });

  it('loads no adapter but the defaults, and of the board its module and its options alone', () => {
    const adapters = ours.flatMap((file) => /^adapters\/([^/]+)\//.exec(file)?.[1] ?? []);
    expect(new Set(adapters)).toEqual(new Set(['in-memory', 'node-crypto', 'shared']));
    expect(ours.filter((file) => file.startsWith('operations/board/'))).toEqual([
      'operations/board/board.module.ts',
      'operations/board/board-access.ts',
    ]);
  });
});
