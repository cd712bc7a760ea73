import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { freePort } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { USER_ENVIRONMENT } from './shell.js';

/** A host's web server in a process of its own. */
export class ServedHost {
  private output = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {
    child.stdout?.on('data', (part: Buffer) => (this.output += part.toString()));
    child.stderr?.on('data', (part: Buffer) => (this.output += part.toString()));
  }

  /** Starts it on a free port. @throws Error with its output when it ends or does not answer */
  static async start(program: string, cwd: string): Promise<ServedHost> {
    const port = await freePort();
    const env = { ...USER_ENVIRONMENT, NODE_ENV: 'development', PORT: String(port), NO_COLOR: '1' };
    const child = spawn(process.execPath, [program], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const host = new ServedHost(child, `http://127.0.0.1:${port}`);
    await waitUntil(
      async () => {
        if (child.exitCode !== null) throw new Error(`${program} ended:\n${host.output}`);
        return fetch(host.url).then(
          () => true,
          () => false,
        );
      },
      `${program} to answer`,
      30_000,
    );
    return host;
  }

  /** Asks for a path. @throws Error with the answer and the host's output when it is not 2xx */
  async ask<T>(path: string, request: RequestInit = {}): Promise<T> {
    const response = await fetch(`${this.url}${path}`, request);
    const text = await response.text();
    if (response.ok) return (text.startsWith('<') ? text : JSON.parse(text)) as T;
    throw new Error(`${path} answered ${response.status}: ${text}\n${this.output}`);
  }

  post<T>(path: string, body: unknown): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.ask<T>(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Ends it with SIGTERM. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
  }
}
