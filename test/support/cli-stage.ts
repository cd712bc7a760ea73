import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { join } from 'node:path';
import { CommandLine } from '../../src/message-queue/cli/command-line.js';
import { Terminal } from '../../src/message-queue/cli/output/terminal.js';
import type { Streams } from '../../src/message-queue/cli/output/terminal.js';
import { execute } from '../../src/message-queue/cli/program.js';
import { readEnvironment } from '../../src/kernel/settings/environment.js';

/** What a command left. */
export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const MAIN = join(__dirname, '../../src/message-queue/cli/main.ts');
const HOOK = join(__dirname, 'typescript-hook.cjs');

/** Runs commands against one Redis and prefix. */
export class CliStage {
  constructor(private readonly environment: Readonly<Record<string, string>>) {}

  /** A command in this process. @param typed what somebody at a terminal answers; without it there is no terminal */
  async run(args: readonly string[], typed?: string): Promise<Answer> {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const isTTY = typed !== undefined;
    const streams = [stdin, stdout, stderr].map((stream) => Object.assign(stream, { isTTY, columns: 200 }));
    const texts = [stdout, stderr].map((stream) => {
      const parts: string[] = [];
      stream.setEncoding('utf8').on('data', (text: string) => parts.push(text));
      return parts;
    });
    if (typed !== undefined) stdin.write(`${typed}\n`);
    const [input, output, errors] = streams;
    const terminal = new Terminal(
      { stdin: input, stdout: output, stderr: errors } as unknown as Streams,
      isTTY,
    );
    const commandLine = new CommandLine(terminal, readEnvironment(undefined, this.environment));
    const code = await execute(commandLine, args);
    const [out = [], err = []] = texts;
    return { code, out: out.join(''), err: err.join('') };
  }

  /** What a command answered with `--json`. */
  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse((await this.run([...args, '--json'])).out) as T;
  }

  /** A command in a process of its own. */
  spawn(args: readonly string[]): ChildProcessWithoutNullStreams {
    const { PATH = '' } = process.env;
    return spawn(process.execPath, ['-r', HOOK, MAIN, ...args], { env: { PATH, ...this.environment } });
  }
}
