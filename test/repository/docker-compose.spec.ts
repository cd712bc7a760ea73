import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { parse } from 'yaml';
import { findRedisServer, freePort } from '../support/redis-server.js';

interface ComposeService {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly privileged?: boolean;
  readonly healthcheck?: { readonly test: readonly string[] };
}

interface ComposeFile {
  readonly services: { readonly app: ComposeService; readonly redis: ComposeService };
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as ComposeFile;
const { app, redis } = compose.services;
const dockerfile = readFileSync('Dockerfile', 'utf8');

/** Variables that belong to the app around the library. */
const APP_VARIABLES = ['PORT', 'DATABASE_URL'];

/** Packages that the app loads at run time; the image plays neither the demo nor the examples. */
function importedPackages(folder: string): string[] {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && !/^(demo|examples)\//.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  const imports = sources.flatMap((source) => [
    ...source.matchAll(/^import (?!type).*?from '([^'.][^']*)'/gm),
  ]);
  const names = imports.map(([, path]) => /^(@[^/]+\/)?[^/]+/.exec(path ?? '')?.[0] ?? '');
  return [...new Set(names)].filter((name) => !name.startsWith('node:'));
}

describe('docker-compose.yml', () => {
  it('sets only variables that the configuration knows', () => {
    const known = [...readFileSync('.env.example', 'utf8').matchAll(/^#? ?([A-Z][A-Z0-9_]*)=/gm)].map(
      ([, name]) => name,
    );
    expect(known.length).toBeGreaterThan(10);
    for (const name of Object.keys(app.environment ?? {}))
      expect([...known, ...APP_VARIABLES]).toContain(name);
  });

  it('publishes port 5001, the one that the app and its image use', () => {
    expect(app.ports).toEqual(['127.0.0.1:5001:5001']);
    expect(app.environment?.['PORT']).toBe('5001');
    expect(dockerfile).toMatch(/^ENV HOST=0\.0\.0\.0$/m);
    expect(dockerfile).toMatch(/^EXPOSE 5001$/m);
    expect(dockerfile).toContain('http://127.0.0.1:5001/');
  });

  it('points the app at the Redis service and keeps what both store in declared volumes', () => {
    expect(new URL(app.environment?.['REDIS_URL'] ?? '').hostname).toBe('redis');
    const volumes = Object.values(compose.services)
      .flatMap((service) => service.volumes ?? [])
      .map((volume) => volume.split(':')[0] ?? '')
      // Files of this repository are mounted as they are.
      .filter((volume) => !volume.startsWith('./'));
    expect(volumes).toEqual(Object.keys(compose.volumes));
    expect(app.environment?.['DATABASE_URL']).toMatch(/^\/data\//);
    expect(app.volumes).toEqual(['app-data:/data']);
  });

  it('gives active jobs longer than the shutdown timeout before it kills the app', () => {
    const graceMs = Number.parseInt(app.stop_grace_period ?? '', 10) * 1000;
    expect(graceMs).toBeGreaterThan(Number(app.environment?.['MESSAGE_QUEUE_SHUTDOWN_TIMEOUT_MS']));
  });

  it('builds from files that are there and that .dockerignore lets through', () => {
    expect(app.build).toBe('.');
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files]) =>
      (files ?? '').split(' '),
    );
    const allowed = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect(sources).toContain('package-lock.json');
    for (const source of sources) {
      expect(existsSync(source)).toBe(true);
      expect(allowed).toContain(source);
    }
  });

  it('installs every package that the app imports', () => {
    const directory = mkdtempSync(join(tmpdir(), 'mq-manifest-'));
    copyFileSync('package.json', join(directory, 'package.json'));
    execFileSync(process.execPath, [resolve('scripts/make-app-manifest.mjs')], { cwd: directory });
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    rmSync(directory, { recursive: true });
    const missing = importedPackages('src').filter((name) => !(name in manifest.dependencies));
    expect(missing).toEqual([]);
  });

  it('runs the built entry as a user without rights, with a health check', () => {
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toMatch(/^HEALTHCHECK /m);
    expect(dockerfile).toContain('CMD ["node", "dist/main.js"]');
    expect(existsSync('src/main.ts')).toBe(true);
  });

  it.each(Object.entries(compose.services))(
    'lets %s write nowhere but to its volume, without any right',
    (_name, service) => {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
      expect(service.security_opt).toEqual(['no-new-privileges:true']);
      expect(service.privileged).toBeUndefined();
      expect(service.volumes?.filter((volume) => !volume.endsWith(':ro'))).toHaveLength(1);
      // The image of the app names its own user.
      expect(service.build === undefined ? service.user : dockerfile).toMatch(
        /^(USER node|redis|[1-9]\d*:\d+)$/m,
      );
    },
  );

  it('starts nothing without a password for Redis, and has none of its own', () => {
    for (const { environment } of [app, redis])
      expect(environment?.['REDIS_PASSWORD']).toMatch(
        /^\$\{REDIS_PASSWORD:\?set it in \.env, .*openssl rand/,
      );
    expect(new URL(app.environment?.['REDIS_URL'] ?? '').password).toBe('');
    expect(redis.ports).toBeUndefined();
  });

  it('starts nothing without a key for messages and jobs, and has none of its own', () => {
    expect(app.environment?.['ENCRYPTION_KEYS']).toMatch(
      /^\$\{ENCRYPTION_KEYS:\?set it in \.env .*openssl rand -base64 32/,
    );
  });

  it('opens the chat to people who sign in, and does not start without any', () => {
    expect(app.environment?.['NODE_ENV']).toBe('${NODE_ENV:-production}');
    expect(app.environment?.['CHAT_USERS']).toMatch(/^\$\{CHAT_USERS:\?set it in \.env .*chat-user\.js/);
    expect(app.environment?.['CHAT_HOSTS']).toBe('${CHAT_HOSTS:-}');
    expect(existsSync('src/chat-user.ts')).toBe(true);
    expect(dockerfile).toMatch(/^ENV NODE_ENV=production$/m);
  });

  it('opens board, console and REST to people of their own where they are named, and else to none but those of the chat', () => {
    for (const variable of [
      'MESSAGE_QUEUE_OPERATORS',
      'MESSAGE_QUEUE_VIEWERS',
      'MESSAGE_QUEUE_METRICS_TOKEN',
    ])
      expect(app.environment?.[variable]).toBe(`\${${variable}:-}`);
    expect(readFileSync('docs/access.md', 'utf8')).toContain("MESSAGE_QUEUE_OPERATORS='ann:scrypt$");
  });

  it('installs from the lockfile alone', () => {
    const commands = dockerfile.replaceAll(/^#.*$/gm, '').matchAll(/npm (\w+)/g);
    const installs = [...commands].map(([, command]) => command);
    expect(installs.filter((command) => command !== 'run')).toEqual(['ci', 'ci']);
    expect(dockerfile).toContain('npm ci --omit=dev --ignore-scripts');
  });

  it('starts a redis-server that has what the library needs, for those who know its password', async () => {
    const password = "cG+ssw/rd $HOME of `id` it's=";
    const port = await freePort();
    const directory = mkdtempSync(join(tmpdir(), 'mq-compose-redis-'));
    // As compose passes it on: $$ stands for one $.
    const [shell = '', ...rest] = (redis.command ?? []).map((part) => part.replaceAll('$$', '$'));
    const server = spawn(shell, [...rest, '--port', String(port), '--dir', directory], {
      env: { PATH: `${dirname(findRedisServer())}:${process.env['PATH']}`, REDIS_PASSWORD: password },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => server.once('exit', resolve));
    const client = new Redis({ port, password, retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    const stranger = new Redis({ port, lazyConnect: true });
    try {
      const setting = async (name: string): Promise<unknown> =>
        ((await client.config('GET', name)) as unknown[])[1];
      await expect(setting('appendonly')).resolves.toBe('yes');
      await expect(setting('maxmemory-policy')).resolves.toBe('noeviction');
      expect(Number(await setting('maxmemory'))).toBeGreaterThanOrEqual(256 * 1024 * 1024);
      await expect(stranger.ping()).rejects.toThrow('NOAUTH');
      const commandLine = readFileSync(`/proc/${server.pid}/cmdline`, 'utf8');
      expect(commandLine).toMatch(/^redis-server/);
      expect(commandLine).not.toContain(password);

      const [, check = ''] = redis.healthcheck?.test ?? [];
      const health = (secret: string): number | null =>
        spawnSync('sh', ['-c', check.replaceAll('$$', '$').replace('redis-cli', `redis-cli -p ${port}`)], {
          env: { PATH: process.env['PATH'], REDIS_PASSWORD: secret },
        }).status;
      expect([health(password), health('wrong')]).toEqual([0, 1]);
    } finally {
      client.disconnect();
      stranger.disconnect();
      // What docker stop sends to the first process of the container.
      server.kill('SIGTERM');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
