import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

interface ForeignHost {
  readonly name: string;
  readonly nest: '11' | '12';
  readonly type: 'commonjs' | 'module';
  /** Optional peers that it installs. */
  readonly packages?: Readonly<Record<string, string>>;
}

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

const HOSTS: readonly ForeignHost[] = [
  { name: 'Nest 12, ESM', nest: '12', type: 'module' },
  { name: 'Nest 12, CommonJS', nest: '12', type: 'commonjs' },
  { name: 'Nest 11, CommonJS', nest: '11', type: 'commonjs' },
];
const EQUIPPED: ForeignHost = {
  name: 'Nest 12, ESM, optional packages',
  nest: '12',
  type: 'module',
  packages: { piscina: '^5.0.0', kysely: '^0.28.0' },
};

const execFileAsync = promisify(execFile);
const SNIPPETS = resolve('test/packaging/snippets');
const directory = mkdtempSync(join(lonelyDirectory(), 'mq-packaging-'));
let packed: Packed;

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

function dependenciesOf({ nest, packages }: ForeignHost): Record<string, string> {
  return {
    '@nestjs/bull': `^${nest}.0.0`,
    '@nestjs/bull-shared': `^${nest}.0.0`,
    '@nestjs/common': `^${nest}.0.0`,
    '@nestjs/config': nest === '11' ? '^4.0.0' : '^12.0.0',
    '@nestjs/core': `^${nest}.0.0`,
    '@nestjs/platform-express': `^${nest}.0.0`,
    'class-transformer': '^0.5.1',
    'class-validator': '^0.15.0',
    'nestjs-message-queue': `file:${join(directory, packed.filename)}`,
    'reflect-metadata': '^0.2.2',
    rxjs: '^7.8.0',
    typescript: '~6.0.3',
    '@types/node': '^20.19.0',
    ...packages,
  };
}

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    module: 'NodeNext',
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    esModuleInterop: true,
    // Declarations of Nest 11 and Bull themselves do not pass every host's settings; ours are read all the same.
    skipLibCheck: true,
    types: ['node'],
    outDir: 'out',
  },
  include: ['*.ts'],
};

/** @throws Error with the command's whole output when it fails */
async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, npm_config_loglevel: 'error', NODE_ENV: 'test' };
  try {
    const { stdout } = await execFileAsync(command, args, {
      cwd,
      env,
      timeout: 240_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')} ended with ${String(code)}\n${stdout}\n${stderr}`, {
      cause: error,
    });
  }
}

function folderOf({ name }: ForeignHost): string {
  return join(directory, name.replaceAll(/\W+/g, '-'));
}

async function createHost(host: ForeignHost): Promise<void> {
  const folder = folderOf(host);
  mkdirSync(folder);
  const manifest = {
    name: 'foreign-host',
    private: true,
    type: host.type,
    dependencies: dependenciesOf(host),
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  for (const snippet of readdirSync(SNIPPETS)) copyFileSync(join(SNIPPETS, snippet), join(folder, snippet));
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], folder);
}

beforeAll(async () => {
  const output = await run('npm', ['pack', '--json', '--pack-destination', directory], process.cwd());
  const [first] = JSON.parse(output.slice(output.indexOf('[\n'))) as Packed[];
  if (first === undefined) throw new Error(`npm pack printed no package:\n${output}`);
  packed = first;
  await Promise.all([...HOSTS, EQUIPPED].map(createHost));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('packs the library, its declarations and its papers, and nothing of the reference app or the tests', () => {
  const paths = packed.files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/message-queue/index.js']),
  );
  expect(paths).toContain('dist/message-queue/index.d.ts');
  const foreign = paths.filter(
    (path) => !/^(dist\/message-queue\/|README\.md|LICENSE|CHANGELOG\.md|package\.json)/.test(path),
  );
  expect(foreign).toEqual([]);
  expect(paths.filter((path) => path.includes('.spec.'))).toEqual([]);
});

describe.each(HOSTS)('in a fresh app of $name', (host) => {
  const folder = folderOf(host);

  it('finds every peer it asks for', async () => {
    await expect(run('npm', ['ls', '--all'], folder)).resolves.toContain('nestjs-message-queue@');
  });

  it('compiles the public surface under strict', async () => {
    await expect(run('npx', ['--no-install', 'tsc', '-p', '.'], folder)).resolves.toBe('');
  });

  it('runs the public surface on the memory provider, and the process ends by itself', async () => {
    await expect(run(process.execPath, ['out/public-surface.js'], folder)).resolves.toContain(
      'public surface works',
    );
  });

  it('resolves the further entries', async () => {
    await expect(run(process.execPath, ['out/test-kit.js'], folder)).resolves.toContain('entries work');
  });

  it('names the package that an adapter lacks', async () => {
    const output = await run(process.execPath, ['out/missing-packages.js'], folder);
    expect(output).toContain('missing packages are named');
  });
});

describe(`in a fresh app of ${EQUIPPED.name}`, () => {
  const folder = folderOf(EQUIPPED);

  beforeAll(() => run('npx', ['--no-install', 'tsc', '-p', '.'], folder));

  it('encrypts large contents on threads, and decrypts them back', async () => {
    const output = await run(process.execPath, ['out/threaded-encryption.js'], folder);
    expect(output).toContain('threads encrypt');
  });

  it('names the driver that the SQL stores lack', async () => {
    const output = await run(process.execPath, ['out/missing-packages.js', 'kysely'], folder);
    expect(output).toContain('missing packages are named');
  });
});
