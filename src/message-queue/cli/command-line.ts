import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { IssuesError, MessageQueueError } from '../../kernel/errors.js';
import type { Environment } from '../../kernel/settings/environment.js';
import { EXIT, NotConfirmedError, UsageError } from './cli-errors.js';
import type { Terminal } from './output/terminal.js';
import { Session } from './session/session.js';
import { connectionOf } from './session/connection.js';

/** What every command understands. */
export interface CommonOptions {
  readonly url?: string;
  readonly prefix?: string;
  /** The answer is JSON. Of a command that has a payload to say so of, a text. */
  readonly json?: boolean | string;
  /** The same, of that command. */
  readonly answerJson?: boolean;
  /** Who does it, for the audit. */
  readonly by?: string;
}

/** What a command stands on while it runs. */
export interface Run {
  readonly session: Session;
  readonly terminal: Terminal;
  readonly isJson: boolean;
  readonly by: string;
  /** Aborts with Ctrl-C. */
  readonly signal: AbortSignal;
  /** Somebody pressed Ctrl-C. */
  readonly interrupt: () => void;
}

/** What a command does. @returns its exit code; none: 0 */
export type Work = (run: Run) => Promise<number | undefined>;

/** Runs commands, one in a process. */
export class CommandLine {
  /** What the process ends with. */
  exitCode: number = EXIT.done;
  private readonly interruption = new AbortController();

  constructor(
    readonly terminal: Terminal,
    private readonly environment: Environment,
  ) {}

  /** Somebody pressed Ctrl-C: what runs stops after its step. */
  interrupt(): void {
    this.interruption.abort();
  }

  get isInterrupted(): boolean {
    return this.interruption.signal.aborted;
  }

  /** Does the work of a command; what goes wrong is a line, and the exit code. */
  async run(command: Command, work: Work): Promise<void> {
    const options = command.optsWithGlobals<CommonOptions>();
    const isJson = options.json === true || options.answerJson === true;
    let session: Session | null = null;
    try {
      session = new Session(connectionOf(options, this.environment));
      const by = options.by ?? loginName();
      const { terminal } = this;
      const { signal } = this.interruption;
      const interrupt = (): void => this.interrupt();
      this.exitCode = (await work({ session, terminal, isJson, by, signal, interrupt })) ?? EXIT.done;
    } catch (error) {
      this.exitCode = this.told(error, isJson);
    } finally {
      await session?.close().catch(() => undefined);
    }
    if (this.isInterrupted) this.exitCode = EXIT.interrupted;
  }

  private told(error: unknown, isJson: boolean): number {
    if (this.isInterrupted) return EXIT.interrupted;
    const { message, code } = error as { readonly message: string; readonly code?: unknown };
    if (isJson && !this.terminal.hasAnswered)
      this.terminal.json({ error: { code: typeof code === 'string' ? code : 'ERROR', message } });
    // Of what is not ours, the place says more than the text.
    const text = error instanceof MessageQueueError ? message : ((error as Error).stack ?? message);
    this.terminal.note(`${this.terminal.painted('error:', 'bad')} ${text}`);
    if (error instanceof NotConfirmedError) return EXIT.refused;
    // What was given is wrong, and each mistake is named: settings, options, a payload.
    return error instanceof UsageError || error instanceof IssuesError ? EXIT.wrong : EXIT.failed;
  }
}

function loginName(): string {
  try {
    return userInfo().username || 'cli';
  } catch {
    // A container may run as a number that has no name.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
