import { withoutText } from '../logging/error-text.js';
import { guardedCall, noteRejection } from './guarded-call.js';
import { SafeLogger } from './safe-logger.js';

/** Code that fails usually fails for every job: one line per this many milliseconds says how often it did. */
const LOG_EVERY_MS = 10_000;

/** How often code of one kind failed for one queue. */
interface Failures {
  count: number;
  lastAt: number;
  loggedAt: number;
  unlogged: number;
}

/** What a process remembers of a host's code that failed. */
export interface HostFailures {
  /** Since the process started. */
  readonly count: number;
  /** The kinds of code that failed lately, as a message names them: `a listener of "completed"`. */
  readonly recent: readonly string[];
}

/**
 * The one guard around code of a host that runs outside of handlers: listeners, hooks, notifiers. What such code throws,
 * or rejects with, is logged and counted; it decides nothing about a job and ends no process.
 */
export class HostCode {
  private readonly logger = new SafeLogger('HostCode');
  /** By queue, empty for none, then by kind of code. */
  private readonly failures = new Map<string, Map<string, Failures>>();

  /** @param isSealed whether what is called for a queue is given content: then of its errors the text is left out. Default: of none */
  constructor(private readonly isSealed: (queue: string) => boolean = () => false) {}

  /**
   * Calls code that nobody waits for, in a context of its own. Never throws.
   * @param what the code, as a message names it: `a listener of "completed"`
   * @param queue that it is called for; undefined when it is called for none
   */
  call(what: string, queue: string | undefined, code: () => unknown): void {
    guardedCall(code, (error) => this.failed(what, queue, error));
  }

  /** Asks code that must answer at once. Never throws. @returns `otherwise` when it throws, or returns a promise */
  ask<T>(what: string, queue: string | undefined, code: () => T, otherwise: T): T {
    try {
      const answer = code();
      if (!(answer instanceof Promise)) return answer;
      noteRejection(answer, () => undefined);
      this.failed(what, queue, new TypeError('It returned a promise, but must answer at once.'));
    } catch (error) {
      this.failed(what, queue, error);
    }
    return otherwise;
  }

  /** Logs and counts a failure. Never throws. */
  failed(what: string, queue: string | undefined, error: unknown): void {
    const failures = this.known(what, queue ?? '');
    const now = performance.now();
    failures.count += 1;
    failures.lastAt = now;
    if (now - failures.loggedAt < LOG_EVERY_MS) {
      failures.unlogged += 1;
      return;
    }
    const { unlogged } = failures;
    failures.loggedAt = now;
    failures.unlogged = 0;
    const place = queue === undefined ? '' : ` of queue "${queue}"`;
    const more = unlogged === 0 ? '' : ` It failed ${unlogged} more times since the last line about it.`;
    this.logger.error(
      `The app’s own code failed beside its handlers: ${what}${place}. No job is affected.${more}`,
      this.stackOf(error, queue),
    );
  }

  /** What failed for a queue, or for none in particular. @param withinMs what counts as lately, milliseconds */
  failuresOf(queue: string, withinMs: number): HostFailures {
    const since = performance.now() - withinMs;
    const kinds = [...(this.failures.get(queue) ?? []), ...(this.failures.get('') ?? [])];
    return {
      count: kinds.reduce((sum, [, { count }]) => sum + count, 0) + SafeLogger.failures,
      recent: kinds.filter(([, { lastAt }]) => lastAt >= since).map(([what]) => what),
    };
  }

  private known(what: string, queue: string): Failures {
    const ofQueue = this.failures.get(queue) ?? new Map<string, Failures>();
    this.failures.set(queue, ofQueue);
    const known = ofQueue.get(what);
    if (known !== undefined) return known;
    const made = { count: 0, lastAt: 0, loggedAt: Number.NEGATIVE_INFINITY, unlogged: 0 };
    ofQueue.set(what, made);
    return made;
  }

  private stackOf(error: unknown, queue: string | undefined): string | undefined {
    try {
      if (error instanceof Error) {
        const { stack, message } = queue !== undefined && this.isSealed(queue) ? withoutText(error) : error;
        return stack ?? message;
      }
    } catch {
      // An error whose stack cannot even be read says no more than its type.
    }
    return `What it threw is not an Error: ${typeof error}.`;
  }
}
