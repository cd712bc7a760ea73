import { inRootContext } from '../../../kernel/host/root-context.js';
import type { Clock, ClockTimer } from '../../../kernel/time/clock.js';
import { errorFrom } from '../../consume/error-record.js';
import { EventThreadStartError } from '../../events/errors.js';
import type { FromThread, HandledType, ToThread } from '../thread-messages.js';
import type { ThreadWorker } from './pool-words.js';
import { bootFailure, deathText } from './thread-ends.js';
import type { EndCause } from './thread-ends.js';

/**
 * Where a thread stands:
 *
 * ```
 * booting → ready → draining → gone
 *    ├→ unwanted ───────────────↗      (told to end while it booted)
 *    └────────┴────────┴→ ending ↗     (terminated; its exit is still to come)
 * ```
 */
export type LifeState = 'booting' | 'unwanted' | 'ready' | 'draining' | 'ending' | 'gone';

/** How a life ended. */
export interface LifeEnd {
  /** Why it never was ready; undefined when it was, or was told to end before. */
  readonly bootError?: Error;
  /** Terminated because its time to finish was over. */
  readonly atDeadline: boolean;
  readonly exitCode: number;
  /** From its start. */
  readonly livedMs: number;
  /** What happened, for the log: no text of the host's errors, which may quote events. */
  readonly text: string;
}

/** Who follows a life. */
export interface LifeListener {
  /** It has booted. What this throws, it could not boot for. */
  ready(handles: readonly HandledType[]): void;
  message(message: Exclude<FromThread, { kind: 'ready' | 'boot-failed' }>): void;
  /** The last thing that is heard of it: nothing of it writes any more. */
  gone(end: LifeEnd): void;
}

/** What a life is made of. */
export interface LifeParts {
  readonly clock: Clock;
  /** Starts the thread. What it throws, the thread could not boot for. */
  readonly spawn: () => ThreadWorker;
  /** Which module it boots, for errors. */
  readonly module: string;
  readonly listener: LifeListener;
}

/** What a thread that boots may take at least to hear that it is unwanted: Node 20 and 22 abort the process when one is terminated while it loads an ES module by `require`. */
const LOAD_MS = 5_000;

/** The longest that a thread may take to boot: one that hangs would keep the start of the app waiting for good. */
const BOOT_MS = 60_000;

/** One worker thread from its start to its exit. */
export class ThreadLife {
  private current: LifeState = 'booting';
  private readonly worker: ThreadWorker | null;
  private readonly clock: Clock;
  private readonly startedAt: number;
  /** When it is terminated, unless it is further by then. */
  private deadline: ClockTimer | null = null;
  private cause: EndCause | null = null;
  private bootError: Error | undefined;
  private thrown: unknown;
  private wasReady = false;
  private resolveGone!: () => void;
  /** Resolves when its exit was seen. */
  readonly gone = new Promise<void>((resolve) => void (this.resolveGone = resolve));

  constructor(private readonly parts: LifeParts) {
    this.clock = parts.clock.steady();
    this.startedAt = this.clock.now();
    this.worker = this.start();
    if (this.worker !== null) this.within(BOOT_MS, 'boot');
  }

  get state(): LifeState {
    return this.current;
  }

  /** Whether the process waits for it. A thread that only waits for events holds no process open. */
  hold(isHeld: boolean): void {
    if (isHeld) this.worker?.ref();
    else this.worker?.unref();
  }

  tell(message: ToThread): void {
    this.worker?.postMessage(message);
  }

  /** Told to finish and exit by itself; terminated when it has not after so many milliseconds, at least {@link LOAD_MS} where it boots. */
  drain(withinMs: number): void {
    if (this.current === 'gone' || this.current === 'ending') return;
    const boots = this.current === 'booting' || this.current === 'unwanted';
    const ms = boots ? Math.max(withinMs, LOAD_MS) : withinMs;
    if (ms <= 0) {
      this.end('deadline');
      return;
    }
    if (this.current === 'booting' || this.current === 'ready') this.tell({ kind: 'stop', withinMs: ms });
    this.current = boots ? 'unwanted' : 'draining';
    this.within(ms, 'deadline');
  }

  /** Terminates it, in the middle of whatever it does. */
  end(cause: EndCause): void {
    if (this.current === 'gone' || this.current === 'ending') return;
    this.current = 'ending';
    this.cause = cause;
    this.deadline?.cancel();
    void this.worker?.terminate();
  }

  private start(): ThreadWorker | null {
    try {
      // Its messages belong to nobody's request, whoever asked for one more thread.
      const worker = inRootContext(this.parts.spawn);
      worker.unref();
      worker.on('message', (message: FromThread) => this.heard(message));
      worker.on('messageerror', () => this.end('unreadable'));
      worker.on('error', (error: unknown) => void (this.thrown ??= error));
      worker.on('exit', (code: number) => this.ended(code));
      return worker;
    } catch (error) {
      this.bootError = bootFailure(this.parts.module, error);
      // As with any other thread, its end is told of later.
      queueMicrotask(() => this.ended(1));
      return null;
    }
  }

  private within(ms: number, cause: EndCause): void {
    this.deadline?.cancel();
    this.deadline = this.clock.setTimer(() => this.end(cause), ms, { keepAlive: cause === 'deadline' });
  }

  private heard(message: FromThread): void {
    if (message.kind === 'ready') this.booted(message.handles);
    else if (message.kind === 'boot-failed') {
      this.bootError = bootFailure(this.parts.module, errorFrom(message.error));
    } else this.parts.listener.message(message);
  }

  private booted(handles: readonly HandledType[]): void {
    if (this.current !== 'booting') return;
    this.deadline?.cancel();
    try {
      this.wasReady = true;
      this.current = 'ready';
      this.parts.listener.ready(handles);
    } catch (error) {
      this.wasReady = false;
      this.bootError = error instanceof Error ? error : new EventThreadStartError(String(error));
      this.end('refused');
    }
  }

  private ended(exitCode: number): void {
    if (this.current === 'gone') return;
    this.current = 'gone';
    this.deadline?.cancel();
    const { cause, thrown } = this;
    const text = deathText({ cause, thrown, exitCode });
    const isTold = cause === 'deadline';
    if (!this.wasReady && !isTold) this.bootError ??= bootFailure(this.parts.module, thrown, text);
    this.parts.listener.gone({
      ...(this.bootError !== undefined && { bootError: this.bootError }),
      atDeadline: isTold,
      exitCode,
      livedMs: this.clock.now() - this.startedAt,
      text,
    });
    this.resolveGone();
  }
}
