/** Hands on what comes in the order in which it came, though some of it has to be waited for. */
export class InOrder<T> {
  private last: Promise<void> | undefined;

  /** @param handOn must not throw @param failed told what a promise rejects with; must not throw */
  constructor(
    private readonly handOn: (value: T) => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  add(value: T | Promise<T>): void {
    if (this.last === undefined && !(value instanceof Promise)) {
      this.handOn(value);
      return;
    }
    const settled = Promise.resolve(value).then(
      (ready) => () => this.handOn(ready),
      (error: unknown) => () => this.failed(error),
    );
    const last = Promise.all([settled, this.last]).then(([handOn]) => {
      handOn();
      if (this.last === last) this.last = undefined;
    });
    this.last = last;
  }
}
