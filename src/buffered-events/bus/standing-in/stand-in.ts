import { errorCodesOf } from '../../../kernel/logging/error-text.js';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import type { Clock, ClockTimer } from '../../../kernel/time/clock.js';

/** Boots of threads that failed one after the other, after which none is expected to run suspects any more. */
const FAILED_BOOTS = 3;
/** After handlers could not be made here, milliseconds to the next try. */
const TRY_AGAIN_MS = 5_000;
/** When it is said that handlers are still being made here, milliseconds: a thread that took so long to boot would be given up. */
const SLOW_MS = 60_000;

/** How threads are. */
export interface ThreadsNow {
  readonly wanted: number;
  readonly live: number;
  /** Boots that failed since one succeeded. */
  readonly failedBoots: number;
}

/** What standing in is made of. */
export interface StandInParts {
  readonly clock: Clock;
  readonly fallbackToSync: boolean;
  readonly threads: () => ThreadsNow;
  /** Sees to it that the handlers of threads are here too. */
  readonly bringHandlers: () => Promise<void>;
  /** The app's thread does their work from now on, or no longer. */
  readonly changed: (standsIn: boolean, runsSuspects: boolean) => void;
}

/** Decides when the app's thread does the work of threads: none lives, and either none is asked for or `fallbackToSync` is on. */
export class StandIn {
  private readonly logger = new SafeLogger('BufferedEvents');
  private standsIn = false;
  private runsSuspects = false;
  private bringing: Promise<boolean> | null = null;
  private retry: ClockTimer | null = null;
  /** Before the start nothing is decided: a start that fails leaves nothing behind. */
  private isOpen = false;

  constructor(private readonly parts: StandInParts) {}

  /** Whether it does now. */
  get isOn(): boolean {
    return this.standsIn;
  }

  /** Threads have come or gone, or others are asked for. */
  look(): void {
    if (!this.isOpen) return;
    if (!this.isNeeded) this.set(false);
    else void this.turnOn();
  }

  /** As {@link look}; resolves when the handlers are here. @throws what made them impossible */
  async start(): Promise<void> {
    this.isOpen = true;
    if (!this.isNeeded) return;
    await this.bringHandlers();
    this.look();
  }

  /** No more. */
  close(): void {
    this.isOpen = false;
    this.retry?.cancel();
    this.set(false);
  }

  private get isNeeded(): boolean {
    const { wanted, live } = this.parts.threads();
    return this.isOpen && live === 0 && (wanted === 0 || this.parts.fallbackToSync);
  }

  private async turnOn(): Promise<void> {
    this.bringing ??= this.bring();
    const isHere = await this.bringing;
    this.bringing = null;
    if (!this.isNeeded) return;
    if (isHere) this.set(true);
    else this.retry ??= this.parts.clock.setTimer(() => this.tryAgain(), TRY_AGAIN_MS);
  }

  private tryAgain(): void {
    this.retry = null;
    this.look();
  }

  private async bring(): Promise<boolean> {
    try {
      await this.bringHandlers();
      return true;
    } catch (error) {
      this.logger.error(
        `No worker thread lives, and the handlers cannot be made in the app's thread either: ${errorCodesOf(error)}. ` +
          `Events wait; it is tried again in ${TRY_AGAIN_MS / 1_000} s.`,
      );
      return false;
    }
  }

  private async bringHandlers(): Promise<void> {
    const slow = this.parts.clock.setTimer(
      () =>
        this.logger.warn(
          `threads.module has been booting in the app's thread for ${SLOW_MS / 1_000} s, and until it has, no event of a thread is handled: ` +
            'see what its onModuleInit, or the factory of a provider, waits for.',
        ),
      SLOW_MS,
    );
    try {
      await this.parts.bringHandlers();
    } finally {
      slow.cancel();
    }
  }

  private set(standsIn: boolean): void {
    const { wanted, failedBoots } = this.parts.threads();
    const runsSuspects = standsIn && (wanted === 0 || failedBoots >= FAILED_BOOTS);
    if (standsIn === this.standsIn && runsSuspects === this.runsSuspects) return;
    if (standsIn !== this.standsIn && wanted > 0 && this.isOpen) this.tell(standsIn);
    this.standsIn = standsIn;
    this.runsSuspects = runsSuspects;
    this.parts.changed(standsIn, runsSuspects);
  }

  private tell(standsIn: boolean): void {
    if (standsIn) {
      this.logger.warn(
        "No worker thread lives: events are handled in the app's thread until one does (fallbackToSync).",
      );
    } else this.logger.log('A worker thread lives again: events are handled there.');
  }
}
