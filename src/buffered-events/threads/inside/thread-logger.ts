import { inspect } from 'node:util';
import type { LoggerService, LogLevel } from '@nestjs/common';
import type { ThreadLogLine } from '../thread-messages.js';

/** What Nest says of every start: of each thread it would be said again. */
const OF_NESTS_START: ReadonlySet<unknown> = new Set(['NestFactory', 'InstanceLoader']);

/** Nest's logger in a worker thread: its lines are the app's to write, so they look and go as all others do. */
export class ThreadLogger implements LoggerService {
  readonly log = this.line('log');
  readonly error = this.line('error');
  readonly warn = this.line('warn');
  readonly debug = this.line('debug');
  readonly verbose = this.line('verbose');
  readonly fatal = this.line('fatal');

  /** @param levels that the app logs; null: it decides about each line */
  constructor(
    private readonly post: (line: ThreadLogLine) => void,
    private levels: readonly string[] | null,
  ) {}

  setLogLevels(levels: LogLevel[]): void {
    this.levels = levels;
  }

  private line(given: LogLevel): (...values: unknown[]) => void {
    return (...values) => {
      const level = given === 'log' && OF_NESTS_START.has(values.at(-1)) ? 'debug' : given;
      if (this.levels?.includes(level) === false) return;
      try {
        this.post({ kind: 'log', level, values });
      } catch {
        // What cannot be copied is told in words.
        this.post({ kind: 'log', level, values: values.map(inWords) });
      }
    };
  }
}

function inWords(value: unknown): unknown {
  if (typeof value === 'string') return value;
  try {
    return inspect(value);
  } catch {
    return typeof value;
  }
}
