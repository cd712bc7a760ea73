/** How many pushes one connection has on its way: at most as many as the server takes at once, whoever comes first goes first. */
export class StreamSlots {
  private taken = 0;
  private isClosed = false;
  private readonly waiting = new Set<(isFree: boolean) => void>();

  /** @param limit what the server says now */
  constructor(private readonly limit: () => number) {}

  /** Whether nobody has one. */
  get areFree(): boolean {
    return this.taken === 0;
  }

  /** Waits for a slot. @returns false when the connection takes no more. @throws signal.reason */
  async take(signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    if (this.isClosed) return false;
    if (this.waiting.size === 0 && this.taken < this.limit()) {
      this.taken += 1;
      return true;
    }
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.waiting.delete(go);
        reject(signal.reason as Error);
      };
      const go = (isFree: boolean): void => {
        signal.removeEventListener('abort', stop);
        resolve(isFree);
      };
      this.waiting.add(go);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  /** Gives one back. */
  free(): void {
    this.taken -= 1;
    this.limitChanged();
  }

  /** The server takes more at once than before, or fewer. */
  limitChanged(): void {
    for (const go of this.waiting) {
      if (this.taken >= this.limit()) return;
      this.waiting.delete(go);
      this.taken += 1;
      go(true);
    }
  }

  /** Nobody gets one any more; those who wait are told. */
  close(): void {
    this.isClosed = true;
    for (const go of this.waiting) go(false);
    this.waiting.clear();
  }
}
