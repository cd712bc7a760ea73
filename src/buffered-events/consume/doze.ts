/** For how long after its last event a consumer dozes before it sleeps, milliseconds. */
export const DOZE_MS = 30;
/** How often it looks for the next one meanwhile: so much later than by a ring an event starts at most. */
export const LOOK_EVERY_MS = 1;
/** After so long it calls for help where events still wait, milliseconds. */
export const HELP_AFTER_MS = 10;

/** Of the thread of a consumer that dozes. */
export interface DozeSurroundings {
  /** Whether another one dozes, who finds what comes: one is enough. */
  readonly isTaken: () => boolean;
  /** Others are to be woken, since nobody rang for what waits behind those that it runs. */
  readonly callForHelp: () => void;
}

/** What a doze is made of. */
export interface DozeParts extends DozeSurroundings {
  /** Takes up what is there. */
  readonly look: () => void;
  /** Whether events wait. */
  readonly isBehind: () => boolean;
}

/**
 * The light sleep of a consumer whose last event is not long ago: it looks for the next one by itself. A ring would take the app's thread
 * far longer than the emit that it is for: it has to wake a core.
 */
export class Doze {
  private until = 0;
  private next: NodeJS.Timeout | undefined;
  private help: NodeJS.Timeout | undefined;

  constructor(private readonly parts: DozeParts) {}

  /** An event was found. @param at milliseconds, on the clock of {@link isLight} */
  found(at: number): void {
    this.until = at + DOZE_MS;
  }

  /** Whether to doze rather than sleep. */
  isLight(at: number): boolean {
    return at < this.until && !this.parts.isTaken();
  }

  begin(): void {
    this.next ??= setTimeout(() => {
      this.next = undefined;
      const beganAt = performance.now();
      this.parts.look();
      this.helpIn(beganAt + HELP_AFTER_MS - performance.now());
    }, LOOK_EVERY_MS);
  }

  stop(): void {
    clearTimeout(this.next);
    clearTimeout(this.help);
    this.next = this.help = undefined;
  }

  private helpIn(ms: number): void {
    if (!this.parts.isBehind()) return;
    this.help ??= setTimeout(() => {
      this.help = undefined;
      if (this.parts.isBehind()) this.parts.callForHelp();
      this.helpIn(HELP_AFTER_MS);
    }, ms);
  }
}
