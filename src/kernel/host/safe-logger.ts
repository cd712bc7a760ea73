import { Logger } from '@nestjs/common';
import type { LoggerService } from '@nestjs/common';
import { printableLogger } from '../logging/printable-logger.js';
import { printable } from '../logging/printable.js';
import { noteRejection } from './guarded-call.js';

/** Lines that were lost in this process. */
let failed = 0;

/** Methods of a logger that Nest's own calls. */
const METHODS = ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'] as const;

/**
 * Nest's `Logger`, for lines of ours: the host's logger behind it may throw, at once or later, and nothing but its line
 * is lost. Control characters in its lines are escaped (see
 * {@link printableLogger}). Lines stay in the context of whoever logs, because loggers read ids from there.
 */
export class SafeLogger extends Logger {
  private guarded: { readonly host: LoggerService; readonly calls: LoggerService } | undefined;

  /** How many lines a logger of this process has failed on. */
  static get failures(): number {
    return failed;
  }

  /** What Nest's methods pass their lines on to. */
  override get localInstance(): LoggerService {
    const host = super.localInstance as LoggerService | undefined;
    // Nest logs nothing then.
    if (host === undefined) return host as unknown as LoggerService;
    if (this.guarded?.host !== host) this.guarded = { host, calls: guardedCalls(printableLogger(host)) };
    return this.guarded.calls;
  }
}

/** A line was lost. */
function noteFailure(error: unknown): void {
  // Only the first one is told: there is nowhere better to say it, and each line may fail.
  if (failed === 0) {
    process.stderr.write(
      `The app's logger failed; jobs go on, lines are lost: ${printable(textOf(error))}\n`,
    );
  }
  failed += 1;
}

function guardedCalls(host: LoggerService): LoggerService {
  const calls = METHODS.map((method) => [method, guardedMethod(host, method)]);
  return Object.fromEntries(calls) as LoggerService;
}

function guardedMethod(host: LoggerService, method: (typeof METHODS)[number]): (...line: unknown[]) => void {
  return (...line) => {
    try {
      const calls = host as unknown as Partial<Record<string, (...line: unknown[]) => unknown>>;
      noteRejection(calls[method]?.(...line), noteFailure);
    } catch (error) {
      noteFailure(error);
    }
  };
}

function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return typeof error;
  }
}
