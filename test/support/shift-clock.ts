const RightDate = Date;

/** Lets this process see a clock that is wrong by so many milliseconds, until it is told otherwise. What was bound to `Date.now` before sees the right one. */
export function shiftClock(offsetMs: number): void {
  const now = (): number => RightDate.now() + offsetMs;
  globalThis.Date = class extends RightDate {
    constructor(...values: readonly unknown[]) {
      super(...((values.length === 0 ? [now()] : values) as [number]));
    }

    static override now(): number {
      return now();
    }
  } as DateConstructor;
}
