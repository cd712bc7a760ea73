import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Client } from 'pg';
import { freePort } from './redis-server.js';

const DEBIAN_ROOT = '/usr/lib/postgresql';

/** Finds the directory of `initdb` and `postgres`: POSTGRES_BIN_DIR, Debian's newest, then PATH. */
function findPostgresBinaries(): string {
  const debian = existsSync(DEBIAN_ROOT)
    ? readdirSync(DEBIAN_ROOT)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(DEBIAN_ROOT, version, 'bin'))
    : [];
  const onPath = (process.env['PATH'] ?? '').split(delimiter);
  for (const directory of [process.env['POSTGRES_BIN_DIR'], ...debian, ...onPath]) {
    if (directory && ['initdb', 'postgres'].every((name) => existsSync(join(directory, name))))
      return directory;
  }
  throw new Error('The tests need a PostgreSQL: install Debian\'s "postgresql" or set POSTGRES_BIN_DIR.');
}

/**
 * A PostgreSQL cluster of the tests' own: free port, temporary directory, socket in it. It is gone after `stop()`, and with
 * this process however that ends.
 */
export class TestPostgres {
  private child: ChildProcess | null = null;
  private databases = 0;

  private constructor(
    readonly port: number,
    private readonly directory: string,
    private readonly binaries: string,
  ) {}

  static async start(): Promise<TestPostgres> {
    const binaries = findPostgresBinaries();
    const directory = mkdtempSync(join(tmpdir(), 'mq-postgres-'));
    const owner = serverOwner();
    if (owner.uid !== undefined && owner.gid !== undefined) chownSync(directory, owner.uid, owner.gid);
    const server = new TestPostgres(await freePort(), directory, binaries);
    try {
      execFileSync(
        join(binaries, 'initdb'),
        [
          '-D',
          join(directory, 'data'),
          '-U',
          'postgres',
          '-A',
          'trust',
          '-E',
          'UTF8',
          '--locale=C',
          '--no-sync',
        ],
        { stdio: ['ignore', 'ignore', 'pipe'], cwd: directory, ...owner },
      );
      await server.spawn();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** The address of a database; without a name, of `postgres`. */
  url(database = 'postgres'): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  /** Creates an empty database (or a copy of `template`) and returns its address. */
  async createDatabase(template = 'template0'): Promise<string> {
    this.databases += 1;
    const name = `test_${this.databases}`;
    await this.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    return this.url(name);
  }

  /** Runs one statement, by default in the database `postgres`. */
  async query(statement: string, url = this.url()): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(statement);
      return rows;
    } finally {
      await client.end();
    }
  }

  /** Starts the server again on the same port and data after `kill()`. */
  async spawn(): Promise<void> {
    // The shell ends the server when its standard input closes: also when the tests' process was killed with -9.
    const child = spawn(
      '/bin/sh',
      [
        ...['-c', '"$@" & server=$!; cat; kill -QUIT $server; wait $server', 'sh'],
        ...[join(this.binaries, 'postgres'), '-D', join(this.directory, 'data'), '-p', String(this.port)],
        ...['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${this.directory}`],
        ...['-c', 'fsync=off', '-c', 'shared_buffers=64MB', '-c', 'max_connections=60'],
      ],
      { stdio: ['pipe', 'ignore', 'ignore'], cwd: this.directory, ...serverOwner() },
    );
    child.stdin.on('error', () => undefined);
    this.child = child;
    await this.untilItAnswers(child);
  }

  /** Ends the server at once, as a crash would. */
  async kill(): Promise<void> {
    const child = this.child;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.stdin?.end();
    await exited;
  }

  /** Ends the server and removes its directory. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async untilItAnswers(child: ChildProcess): Promise<void> {
    const giveUpAt = Date.now() + 20_000;
    for (;;) {
      try {
        await this.query('SELECT 1');
        return;
      } catch (error) {
        if (child.exitCode !== null || Date.now() > giveUpAt) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

/** PostgreSQL refuses to run as root; Debian's package brings the user `postgres`. */
function serverOwner(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
