/** A value that is asked for again at most so often: those who ask in between, or at the same time, share one. */
export class KeptFor<T> {
  #asked: Promise<T> | null = null;
  #askedAt = 0;
  #tookMs = 0;

  /**
   * @param ms how long it is kept
   * @param restFactor kept so many times as long as it took, if that is longer: what is dear is asked for rarely
   */
  constructor(
    private readonly ask: () => Promise<T>,
    private readonly ms: number,
    private readonly restFactor = 0,
  ) {}

  get(): Promise<T> {
    const now = performance.now();
    const keptMs = Math.max(this.ms, this.#tookMs * this.restFactor);
    if (this.#asked !== null && now - this.#askedAt < keptMs + this.#tookMs) return this.#asked;
    this.#askedAt = now;
    const asked = this.ask();
    this.#asked = asked;
    asked.then(
      () => void (this.#tookMs = performance.now() - now),
      () => {
        // What failed is asked for again at once.
        if (this.#asked === asked) this.#asked = null;
      },
    );
    return asked;
  }

  /** Whoever asks next gets a new one. */
  forget(): void {
    this.#asked = null;
  }
}
