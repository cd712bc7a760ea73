/** One call of a port's method. */
export interface RecordedCall {
  readonly method: string;
  /** Without the abort signal. */
  readonly args: readonly unknown[];
}

/**
 * What goes wrong in a call, before the adapter does anything.
 * - `fail`: rejects with `error`.
 * - `time-out`: rejects with an error whose code is ETIMEDOUT, as a client library does when its peer is silent.
 * - `hang`: settles only when the call's signal aborts, with its reason; with `ignoreAbort` not even then, until `release()`.
 */
export type Fault =
  | { readonly kind: 'fail'; readonly error?: Error }
  | { readonly kind: 'time-out' }
  | { readonly kind: 'hang'; readonly ignoreAbort?: boolean };

interface PlannedFault {
  readonly method: string;
  callsLeft: number;
  readonly fault: Fault;
}

const DEFAULT_REMEMBERED_CALLS = 10_000;

/** Remembers the calls of one adapter, and makes those fail that a test names. */
export class CallRecorder {
  private remembered: RecordedCall[] = [];
  private planned: PlannedFault[] = [];
  private readonly hanging = new Set<() => void>();

  /** @param limit calls to remember; the oldest are forgotten first. Default 10 000 */
  constructor(private readonly limit = DEFAULT_REMEMBERED_CALLS) {}

  /** The calls so far, oldest first; failed ones too. */
  get calls(): readonly RecordedCall[] {
    return this.remembered;
  }

  /** The calls of one method. */
  callsOf(method: string): readonly RecordedCall[] {
    return this.remembered.filter((call) => call.method === method);
  }

  /** Whether a call hangs right now. */
  get isHanging(): boolean {
    return this.hanging.size > 0;
  }

  /** Makes the next call fail. @param method default: whichever method is called */
  failNext(error?: Error, method = '*'): void {
    this.failNth(1, { kind: 'fail', error }, method);
  }

  /** Makes the nth call from now (1 = the next) go wrong. @param method default: calls of every method count */
  failNth(nth: number, fault: Fault = { kind: 'fail' }, method = '*'): void {
    if (!Number.isInteger(nth) || nth < 1)
      throw new RangeError(`nth must be a whole number from 1, got ${nth}.`);
    this.planned.push({ method, callsLeft: nth, fault });
  }

  /** Lets calls that hang and ignore their abort reject. */
  release(): void {
    for (const letGo of [...this.hanging]) letGo();
  }

  /** Forgets calls and planned faults; calls that hang are released. */
  reset(): void {
    this.remembered = [];
    this.planned = [];
    this.release();
  }

  /** Runs one call: remembers it, lets a planned fault happen, else does `action`. For adapters. */
  async run<T>(
    method: string,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
    action: () => T | Promise<T>,
  ): Promise<T> {
    this.remembered.push({ method, args });
    if (this.remembered.length > this.limit) this.remembered.shift();
    const fault = this.dueFault(method);
    signal?.throwIfAborted();
    if (fault !== undefined) await this.goWrong(method, fault, signal);
    return action();
  }

  private dueFault(method: string): Fault | undefined {
    const counting = this.planned.filter((plan) => plan.method === '*' || plan.method === method);
    for (const plan of counting) plan.callsLeft -= 1;
    const due = counting.find((plan) => plan.callsLeft <= 0);
    if (due !== undefined) this.planned.splice(this.planned.indexOf(due), 1);
    return due?.fault;
  }

  private async goWrong(method: string, fault: Fault, signal: AbortSignal | undefined): Promise<never> {
    if (fault.kind === 'fail') throw fault.error ?? new Error(`"${method}" failed, as the test asked.`);
    if (fault.kind === 'time-out') {
      throw Object.assign(new Error(`"${method}" timed out, as the test asked.`), { code: 'ETIMEDOUT' });
    }
    return new Promise<never>((_, reject) => {
      const letGo = (): void => {
        this.hanging.delete(letGo);
        reject(new Error(`"${method}" was released.`));
      };
      this.hanging.add(letGo);
      if (fault.ignoreAbort === true) return;
      signal?.addEventListener('abort', () => {
        this.hanging.delete(letGo);
        reject(signal.reason as Error);
      });
    });
  }
}
