import { AsyncLocalStorage } from 'node:async_hooks';
import { SyncDepthError } from '../../jobs/errors-in-caller.js';
import type { ErrorPlace } from '../../../kernel/errors.js';

/** Runs inside of each other, at most. */
const MOST = 32;

const runs = new AsyncLocalStorage<RunDepth>();

/** How deep a run is inside of others: whose handler added its job, whose handler … */
export class RunDepth {
  private hasEnded = false;

  private constructor(
    /** From 1. */
    readonly level: number,
    private readonly above: RunDepth | undefined,
  ) {}

  /** For a run that the caller's context waits for. */
  static below(): RunDepth {
    const above = RunDepth.current();
    return new RunDepth((above?.level ?? 0) + 1, above);
  }

  /** The innermost run that the caller's context belongs to. One that has ended waits for nobody: what its timers add later is not inside of it. */
  static current(): RunDepth | undefined {
    let run = runs.getStore();
    while (run?.hasEnded === true) run = run.above;
    return run;
  }

  /** Calls a handler as this run. */
  within<T>(handle: () => T): T {
    return runs.run(this, handle);
  }

  end(): void {
    this.hasEnded = true;
  }
}

/** @throws SyncDepthError when one more run inside of the caller's would be too many */
export function assertDepth({ queue, job }: Required<Pick<ErrorPlace, 'queue' | 'job'>>): void {
  if ((RunDepth.current()?.level ?? 0) < MOST) return;
  throw new SyncDepthError(
    `Job "${job}" of queue "${queue}" was not added: it would run inside of ${MOST} others, each added by the one before. Add it with a delay, so that it runs by itself, or end the circle.`,
    { queue, job },
  );
}
