import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { parse } from 'yaml';
import { TestRedis } from '../support/redis-server.js';

interface ComposeService {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
}

interface ComposeFile {
  readonly services: { readonly app: ComposeService; readonly redis: ComposeService };
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(readFileSync('docker-compose.yml', 'utf8')) as ComposeFile;
const { app, redis } = compose.services;
const dockerfile = readFileSync('Dockerfile', 'utf8');

/** Variables that belong to the app around the library. */
const APP_VARIABLES = ['PORT', 'DATABASE_URL'];

/** Packages that the app loads at run time; the image does not play the demo. */
function importedPackages(folder: string): string[] {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && !file.startsWith('demo/'))
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
    const volumes = [app, redis]
      .flatMap((service) => service.volumes ?? [])
      .map((volume) => volume.split(':')[0]);
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

  it('starts a redis-server that has what the library needs', async () => {
    const [binary, ...flags] = redis.command ?? [];
    expect(binary).toBe('redis-server');
    const server = await TestRedis.start(flags);
    const client = new Redis(server.url);
    try {
      const setting = async (name: string): Promise<unknown> =>
        ((await client.config('GET', name)) as unknown[])[1];
      await expect(setting('appendonly')).resolves.toBe('yes');
      await expect(setting('maxmemory-policy')).resolves.toBe('noeviction');
      expect(Number(await setting('maxmemory'))).toBeGreaterThanOrEqual(256 * 1024 * 1024);
    } finally {
      client.disconnect();
      await server.stop();
    }
  });
});
