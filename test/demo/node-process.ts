import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '../support/wait-until.js';

const ROOT = join(__dirname, '..', '..');

/** A program of the build as a user runs it: a process group of its own, and only the environment that is given. */
export class NodeProcess {
  /** Standard output and error so far. */
  output = '';
  /** Resolves with the exit code when it has ended and nobody holds its output open any more. */
  readonly closed: Promise<number | null>;
  private readonly child: ChildProcess;

  /** @param program below `dist`, for example `demo/main.js` */
  constructor(program: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [join(ROOT, 'dist', program), ...args], {
      cwd: ROOT,
      env: { PATH, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    child.stdout.on('data', (part: Buffer) => (this.output += part.toString()));
    child.stderr.on('data', (part: Buffer) => (this.output += part.toString()));
    this.child = child;
    this.closed = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Waits for an output; @throws Error with all of it when the process ends before. @returns its first group */
  async says(pattern: RegExp, deadlineMs = 120_000): Promise<string> {
    const found = await waitUntil(
      () => {
        const match = pattern.exec(this.output);
        if (match === null && this.child.exitCode !== null) throw new Error(this.output);
        return match;
      },
      String(pattern),
      deadlineMs,
    );
    return found[1] ?? found[0];
  }

  /** Signals this process. */
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Signals it and its children, as a terminal does on Ctrl-C. */
  signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // All of them have ended.
    }
  }
}

/** Whether a process exists; one that has ended and was not waited for does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Where a process listens: `address:port`; IPv6 addresses as the kernel writes them. */
export function listeningAddresses(pid: number): string[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      } catch {
        return undefined;
      }
    }),
  );
  const LISTEN = '0A';
  return ['tcp', 'tcp6']
    .flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN && own.has(fields[9]))
    .map((fields) => addressOf(fields[1] ?? ''));
}

function addressOf(hexadecimal: string): string {
  const [address = '', port = ''] = hexadecimal.split(':');
  // Four bytes in the order of the machine: the last one first.
  const isV4 = address.length === 8;
  const host = isV4 ? Buffer.from(address, 'hex').reverse().join('.') : address;
  return `${host}:${parseInt(port, 16)}`;
}
