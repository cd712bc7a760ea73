import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** It ends a hang, and measures nothing. */
const DEADLINE_MS = 110_000;

/** How a program is run. */
export interface Running {
  readonly environment?: NodeJS.ProcessEnv;
  /** Of Node, before the program. */
  readonly options?: readonly string[];
  /** When it is killed; default 110 s. */
  readonly deadlineMs?: number;
}

/** How a program ended. */
export interface Ending {
  /** Null: it was still there at the deadline, and was killed. */
  readonly code: number | null;
  /** What it wrote, to both streams. */
  readonly output: string;
}

/** A host's program in a process of its own, from the sources: what dies in it, dies there. */
export class EventsProcess {
  private output = '';
  private readonly end: Promise<[number | null]>;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly child: ChildProcess,
    deadlineMs: number,
  ) {
    this.end = once(child, 'close') as Promise<[number | null]>;
    this.timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (part: Buffer) => (this.output += part.toString()));
  }

  /** `EVENTS_NODE` is the Node that runs it, where it is not this one. */
  static start(program: string, args: readonly string[] = [], running: Running = {}): EventsProcess {
    const { environment = {}, options = [], deadlineMs = DEADLINE_MS } = running;
    const hook = join(__dirname, 'events-hook.cjs');
    const child = spawn(
      process.env['EVENTS_NODE'] ?? process.execPath,
      [...options, '--require', hook, program, ...args],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment, NO_COLOR: '1' } },
    );
    return new EventsProcess(child, deadlineMs);
  }

  /** Waits until it ends by itself, or is ended. */
  async ended(): Promise<Ending> {
    const [code] = await this.end;
    clearTimeout(this.timer);
    return { code, output: this.output };
  }

  /** What it says of itself in its last line, as JSON. @throws Error with all that it wrote when it failed, or says nothing */
  async report<T>(): Promise<T> {
    const { code, output } = await this.ended();
    const last = output.trimEnd().split('\n').at(-1) ?? '';
    if (code === 0 && last.startsWith('{')) return JSON.parse(last) as T;
    throw new Error(`The program ended with ${String(code)}:\n${output.slice(-8_000)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    clearTimeout(this.timer);
    await this.end;
  }
}
