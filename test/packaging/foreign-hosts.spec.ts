import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { announcement, batch } from '../support/activity-batches.js';
import { BrokerFixture, testQueue } from '../support/redis-broker-fixture.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { NewUser } from './new-user.js';
import { nodeReleases } from './node-releases.js';
import type { NodeRelease } from './node-releases.js';
import type { Beginning } from './new-user.js';
import { PackageTarball } from './package-tarball.js';
import { ServedHost } from './served-host.js';
import { run } from './shell.js';

interface Receipt {
  readonly id: string;
  readonly queue: string;
}

const NEST_11: Beginning = {
  name: 'Nest 11, CommonJS, Jest',
  template: 'nest-11',
  installs: '@nestjs/bull@11',
};
const NEST_12: Beginning = {
  name: 'Nest 12, ES modules, Vitest',
  template: 'nest-12',
  installs: '@nestjs/bull@12',
};
const FASTIFY: Beginning = { ...NEST_12, name: 'Nest 12 on Fastify', isOnFastify: true };

let tarball: PackageTarball;
let redis: TestRedis;
let releases: NodeRelease[];
const NODES = [20, 22, 24];
const users = new Map<Beginning, NewUser>();

beforeAll(async () => {
  redis = await TestRedis.start();
  tarball = await PackageTarball.pack();
  for (const beginning of [NEST_11, NEST_12, FASTIFY]) users.set(beginning, new NewUser(tarball, beginning));
  await Promise.all([...users.values()].map((user) => user.build()));
  releases = await nodeReleases(NODES, tarball.directory);
}, 600_000);

afterAll(async () => {
  await redis.stop();
  tarball.remove();
});

const of = (beginning: Beginning): NewUser => users.get(beginning)!;

/** Sends a message and resizes a picture over HTTP, waits for both, and reads the board's API. */
async function useOverHttp(user: NewUser, program: string, prefix = ''): Promise<void> {
  const host = await ServedHost.start(join('dist', program), user.folder);
  try {
    const sent = await host.post<Receipt>(`${prefix}/messages`, { from: 'ada', to: 'grace', text: 'Hello!' });
    expect(sent).toMatchObject({ queue: 'message-delivery', name: 'send-message', deduplicated: false });
    await waitUntil(async () => {
      const { state } = await host.ask<{ state: string }>(`${prefix}/messages/jobs/${sent.id}`);
      return state === 'completed';
    }, 'the message to be delivered');

    const resizing = await host.post<Receipt>(`${prefix}/files/holiday/resize?width=320`, {});
    expect(resizing).toMatchObject({ queue: 'file-processing', name: 'resize' });
    await waitUntil(async () => {
      const { queues } = await host.ask<{ queues: { name: string; counts: { completed: number } }[] }>(
        `${prefix}/admin/queues/api/queues`,
      );
      return queues.find(({ name }) => name === 'file-processing')?.counts.completed === 1;
    }, 'the board to show the picture as done');
    expect(await host.ask<string>(`${prefix}/admin/queues`)).toContain('<title>Message queues</title>');
  } finally {
    await host.stop();
  }
}

it('packs the library, its declarations and its papers, and nothing of the reference app or the tests', () => {
  const { paths } = tarball;
  expect(paths).toEqual(
    expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/message-queue/index.js']),
  );
  expect(paths).toContain('dist/message-queue/index.d.ts');
  const page = [
    'index.html',
    'app.js',
    'pages/overview.js',
    'styles/theme.css',
    'vendor/uplot.js',
    'vendor/uplot.LICENSE.txt',
  ];
  expect(paths).toEqual(
    expect.arrayContaining(page.map((name) => `dist/message-queue/operations/console/assets/${name}`)),
  );
  const ours =
    /^(dist\/(message-queue|kernel|buffered-events)\/|deploy\/|docs\/operations\.md|README\.md|LICENSE|CHANGELOG\.md|package\.json)/;
  expect(paths.filter((path) => !ours.test(path))).toEqual([]);
  expect(paths.filter((path) => path.includes('.spec.'))).toEqual([]);
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  expect(scripts['prepack']).toBe('npm run --silent build');
});

describe.each([NEST_11, NEST_12])('in a new app of $name that has followed the README', (beginning) => {
  it("is green with the app's own test commands", async () => {
    await of(beginning).npm('test');
    await of(beginning).npm('run', 'test:e2e');
  });

  it('sends, works and shows the board over HTTP', () => useOverHttp(of(beginning), 'main.js'));

  it('does so behind a global prefix', () => useOverHttp(of(beginning), 'prefixed.js', '/api/v1'));

  it('finds every peer it asks for', async () => {
    await expect(of(beginning).npm('ls', '--all')).resolves.toContain('nestjs-message-queue@');
  });

  it('runs the public surface on the memory provider, and the process ends by itself', async () => {
    await expect(of(beginning).node('public-surface.js')).resolves.toContain('public surface works');
  });

  it('resolves the further entries', async () => {
    await expect(of(beginning).node('test-kit.js')).resolves.toContain('entries work');
  });

  it.each(NODES)(
    'runs every code block of the seed of buffered events with threads, on Node %i',
    async (major) => {
      const { binary } = releases.find((release) => release.major === major)!;
      if (typeof binary !== 'string') {
        process.stderr.write(`NOT RUN: Node ${major} cannot be installed here. ${binary.missing}\n`);
        return;
      }
      const output = await of(beginning).runSeed(binary);
      expect(output).toContain('seed snippets run');
      expect(output).toContain('Processing user registration for grace@example.org');
    },
  );

  it('looks at queues from a shell, and changes them, while another process uses them', async () => {
    const other = new BrokerFixture(redis);
    const broker = other.broker();
    const queue = broker.createQueue(testQueue('mail'));
    await broker.activity.flush(batch('a', 1, { announced: [{ ...announcement('mail'), jobs: ['job'] }] }));
    await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    const command = (...args: string[]): Promise<string> =>
      of(beginning).npm(
        'exec',
        '--no',
        '--',
        'nestjs-message-queue',
        ...args,
        '--url',
        redis.url,
        '--prefix',
        other.prefix,
      );
    const { queues } = JSON.parse(await command('stats', '--json')) as { queues: object[] };
    expect(queues).toMatchObject([{ queue: 'mail', waiting: 1 }]);
    expect(await command('pause', 'mail', '--yes')).toContain('Done.');
    expect(await command('dead-letters', 'groups')).toContain('There are no dead letters.');
    expect((await broker.snapshot(queue)).isPaused).toBe(true);
    await other.close();
  });

  it('names the package that an adapter lacks', async () => {
    await expect(of(beginning).node('missing-packages.js')).resolves.toContain('missing packages are named');
  });
});

describe(`in a new app of ${FASTIFY.name}, with optional packages`, () => {
  it("is green with the app's own test command", async () => {
    await of(FASTIFY).npm('test');
  });

  it('sends, works and shows the board over HTTP', () => useOverHttp(of(FASTIFY), 'main.js'));

  it('encrypts large contents on threads, and decrypts them back', async () => {
    await expect(of(FASTIFY).node('threaded-encryption.js')).resolves.toContain('threads encrypt');
  });

  it('names the driver that the SQL stores lack', async () => {
    const output = await of(FASTIFY).node('missing-packages.js', 'kysely');
    expect(output).toContain('missing packages are named');
  });
});

describe('beside what the apps are set to', () => {
  it('compiles under strict on Nest 11, as Nest 12 does anyway', async () => {
    const strict = ['tsc', '-p', 'tsconfig.build.json', '--noEmit', '--strict', '--incremental', 'false'];
    await expect(run('npx', strict, of(NEST_11).folder)).resolves.toBe('');
  });

  it('runs the public surface in CommonJS on Nest 12', async () => {
    const { folder } = of(NEST_12);
    const directory = join(folder, 'commonjs');
    mkdirSync(directory);
    writeFileSync(join(directory, 'package.json'), '{ "type": "commonjs" }');
    const tsconfig = {
      extends: '../tsconfig.json',
      compilerOptions: { rootDir: '.', outDir: '.' },
      files: ['public-surface.ts'],
    };
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(tsconfig));
    await run('cp', ['../src/public-surface.ts', '.'], directory);
    await run('npx', ['tsc', '-p', '.'], directory);
    await expect(run(process.execPath, ['public-surface.js'], directory)).resolves.toContain('works');
  });
});
