import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/** Prints what a process has loaded once it has required the main entry of the package, and once it has registered it. */
const PRINT_LOADED = `
const { MessageQueueModule } = require(process.argv[1]);
const imported = Object.keys(require.cache);
MessageQueueModule.forRoot();
console.log(JSON.stringify({ imported, registered: Object.keys(require.cache) }));
`;

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** What decorators, payloads and the tokens of Nest and Bull need; `bull` and `ioredis` come with `@nestjs/bull`. */
const NEEDED = [
  ...['@nestjs/bull', '@nestjs/bull-shared', '@nestjs/common', '@nestjs/core', 'bull', 'ioredis'],
  ...['class-transformer', 'class-validator', 'croner', 'msgpackr', 'reflect-metadata', 'rxjs'],
];

interface Loaded {
  readonly packages: ReadonlySet<string>;
  /** Paths in `src/message-queue`. */
  readonly ours: readonly string[];
}

function loaded(): { readonly imported: Loaded; readonly registered: Loaded } {
  const hook = resolve('test/support/typescript-hook.cjs');
  const entry = resolve('src/message-queue/index.ts');
  const printed = execFileSync(process.execPath, ['--require', hook, '-e', PRINT_LOADED, entry], {
    encoding: 'utf8',
  });
  const files = JSON.parse(printed) as Record<'imported' | 'registered', string[]>;
  return { imported: sorted(files.imported), registered: sorted(files.registered) };
}

function sorted(files: readonly string[]): Loaded {
  const names = files.flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  const ours = files.flatMap((file) => /\/src\/message-queue\/(.*)$/.exec(file)?.[1] ?? []);
  return { packages: new Set(names), ours };
}

const { imported, registered } = loaded();

describe('a host that imports the package', () => {
  it('gets what its decorators and payloads need', () => {
    expect([...imported.packages]).toEqual(expect.arrayContaining(['class-validator', 'class-transformer']));
    expect(imported.ours).toEqual(
      expect.arrayContaining(['message-queue.service.ts', 'handlers/job-handler.decorator.ts']),
    );
  });

  it('loads nothing that only an app with the module runs', () => {
    expect(['@nestjs/bull', 'bull', 'ioredis'].filter((name) => imported.packages.has(name))).toEqual([]);
    expect(new Set(imported.ours.map((file) => file.replace(/\/.*/, '/')))).toEqual(
      new Set([
        ...['index.ts', 'message-queue.module.ts', 'message-queue.service.ts', 'message-queue.tokens.ts'],
        'fleet-calls.ts',
        ...[
          'broker/',
          'facade/',
          'handlers/',
          'jobs/',
          'ports/',
          'privacy/',
          'queues/',
          'schedules/',
          'wiring/',
        ],
      ]),
    );
    expect(imported.ours.filter((file) => /\.processor\.ts$|^wiring\/root|enqueuer\.ts$/.test(file))).toEqual(
      [],
    );
  });
});

describe('a host that registers the module', () => {
  const { packages, ours } = registered;

  it('gets its wiring', () => {
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

describe('a host of buffered events alone', () => {
  const print = `
const { BufferedEventsModule, bootstrapEventSystem } = require(process.argv[1]);
const imported = Object.keys(require.cache);
BufferedEventsModule.forRoot({ workerCount: 0 });
bootstrapEventSystem([]).ready.then(() => process.exit());
process.on('exit', () => console.log(JSON.stringify({ imported, registered: Object.keys(require.cache) })));
`;
  const hook = resolve('test/support/typescript-hook.cjs');
  const entry = resolve('src/buffered-events/index.ts');
  const env = { ...process.env, NO_COLOR: '1' };
  const printed = execFileSync(process.execPath, ['--require', hook, '-e', print, entry], {
    encoding: 'utf8',
    env,
  });
  const files = JSON.parse(printed.split('\n').find((line) => line.startsWith('{')) ?? '{}') as Record<
    'imported' | 'registered',
    string[]
  >;

  it('loads nothing of the queues, nor their packages, even when it runs', () => {
    expect(files.registered.some((file) => file.endsWith('/buffered-events/wiring/root.module.ts'))).toBe(
      true,
    );
    expect(files.registered.filter((file) => file.includes('/src/message-queue/'))).toEqual([]);
    const { packages } = sorted(files.registered);
    expect(
      ['@nestjs/bull', 'bull', 'ioredis', '@bull-board/api'].filter((name) => packages.has(name)),
    ).toEqual([]);
  });

  it('loads no bus before the module is registered', () => {
    expect(
      files.imported.filter((file) => /\/buffered-events\/(wiring|bus|buffer|threads)\//.test(file)),
    ).toEqual([]);
  });
});
