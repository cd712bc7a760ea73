/** What `Delivery.stored` tells: decided once by the provider, and only a promise when somebody asks for it. */
export class StoredOutcome {
  private outcome: boolean | undefined;
  private promise: Promise<boolean> | undefined;
  private resolve: ((stored: boolean) => void) | undefined;

  /** Resolves with what is decided; never rejects. */
  get told(): Promise<boolean> {
    this.promise ??=
      this.outcome === undefined
        ? new Promise((resolve) => (this.resolve = resolve))
        : Promise.resolve(this.outcome);
    return this.promise;
  }

  /** The first call counts. */
  decide(stored: boolean): void {
    if (this.outcome !== undefined) return;
    this.outcome = stored;
    this.resolve?.(stored);
  }
}
