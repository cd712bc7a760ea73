/** For how long after its last event a consumer dozes before it sleeps, milliseconds. */
export const DOZE_MS = 30;
/** How often it looks for the next one meanwhile: so much later than by a ring an event starts at most. */
export const LOOK_EVERY_MS = 1;

/**
 * The light sleep of a consumer whose last event is not long ago: it looks for the next one by itself. A ring would take the app's thread
 * far longer than the emit that it is for: it has to wake a core.
 */
export class Doze {
  private until = 0;
  private next: NodeJS.Timeout | undefined;

  /**
   * @param look looks for an event
   * @param isTaken whether another one dozes, who finds what comes: one is enough
   */
  constructor(
    private readonly look: () => void,
    private readonly isTaken: () => boolean,
  ) {}

  /** An event was found. @param at milliseconds, on the clock of {@link isLight} */
  found(at: number): void {
    this.until = at + DOZE_MS;
  }

  /** Whether to doze rather than sleep. */
  isLight(at: number): boolean {
    return at < this.until && !this.isTaken();
  }

  begin(): void {
    this.next ??= setTimeout(() => {
      this.next = undefined;
      this.look();
    }, LOOK_EVERY_MS);
  }

  stop(): void {
    clearTimeout(this.next);
    this.next = undefined;
  }
}
