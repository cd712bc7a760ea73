import { problemWith } from '../../kernel/values/kind.js';
import type { Kind } from '../../kernel/values/kind.js';
import { wholeNumber } from '../../kernel/values/kinds.js';

/** Names of a port's methods, optional ones included. */
export type MethodOf<Port> = Extract<
  {
    [Key in keyof Port]-?: NonNullable<Port[Key]> extends (...args: never[]) => unknown ? Key : never;
  }[keyof Port],
  string
>;

type ArgumentsOf<Method> = NonNullable<Method> extends (...args: infer Args) => unknown ? Args : never;

/** One call of a port's method, failed ones included. */
export interface RecordedCall<Port = object, Method extends MethodOf<Port> = MethodOf<Port>> {
  readonly method: Method;
  /** As they were given, the abort signal included. */
  readonly args: ArgumentsOf<Port[Method]>;
}

/**
 * What goes wrong in a call, before the adapter is called.
 * - an error: the call rejects with it;
 * - `time-out`: it rejects with an error whose code is ETIMEDOUT, as a client library does when its peer is silent;
 * - `hang`: it settles only when its signal aborts, with the signal's reason;
 * - `stuck`: not even then, until `release()`.
 */
export type Fault = Error | 'time-out' | 'hang' | 'stuck';

/** Which calls a fault is for. */
export interface FaultPlan {
  /** How many calls go wrong. Default 1. */
  readonly times?: number;
  /** How many calls pass before them. Default 0. */
  readonly after?: number;
}

interface PlannedFault {
  readonly method: string;
  readonly fault: Fault;
  passing: number;
  failing: number;
}

const REMEMBERED_CALLS = 10_000;
const TIMES = wholeNumber(1);
const AFTER = wholeNumber(0);

/** Remembers the calls of one adapter, the last 10 000 of them, and makes those fail that a test names. */
export class CallRecorder<Port extends object = object> {
  #calls: RecordedCall<Port>[] = [];
  #planned: PlannedFault[] = [];
  readonly #hanging = new Set<(reason?: Error) => void>();

  /** The calls so far, oldest first. */
  get calls(): readonly RecordedCall<Port>[] {
    return this.#calls;
  }

  /** The calls of one method, oldest first. */
  callsOf<Method extends MethodOf<Port>>(method: Method): readonly RecordedCall<Port, Method>[] {
    return this.#calls.filter((call): call is RecordedCall<Port, Method> => call.method === method);
  }

  /** Whether a call hangs right now. */
  get isHanging(): boolean {
    return this.#hanging.size > 0;
  }

  /**
   * Makes the next calls of a method go wrong.
   * @param fault default: an error that says that the test asked for it
   * @throws RangeError for `times` below 1 or `after` below 0
   */
  fail(method: MethodOf<Port>, fault?: Fault, { times = 1, after = 0 }: FaultPlan = {}): void {
    insist('times', times, TIMES);
    insist('after', after, AFTER);
    const orElse = new Error(`"${method}" failed, as the test asked.`);
    this.#planned.push({ method, fault: fault ?? orElse, passing: after, failing: times });
  }

  /** Lets the calls that hang reject, those that ignore their signal too. */
  release(): void {
    for (const letGo of [...this.#hanging]) letGo();
  }

  /** Remembers one call and passes it on, unless a fault is planned for it. For {@link recorded}. */
  call(method: string, args: readonly unknown[], passOn: () => unknown): unknown {
    this.#calls.push({ method, args } as unknown as RecordedCall<Port>);
    if (this.#calls.length > REMEMBERED_CALLS) this.#calls.shift();
    const fault = this.#dueFault(method);
    return fault === undefined ? passOn() : this.#goWrong(method, fault, signalIn(args));
  }

  /** Plans for one method count its calls side by side. */
  #dueFault(method: string): Fault | undefined {
    let due: Fault | undefined;
    for (const plan of this.#planned.filter((one) => one.method === method)) {
      if (plan.passing > 0) plan.passing -= 1;
      else if (due === undefined) {
        due = plan.fault;
        plan.failing -= 1;
      }
    }
    this.#planned = this.#planned.filter(({ failing }) => failing > 0);
    return due;
  }

  async #goWrong(method: string, fault: Fault, signal: AbortSignal | undefined): Promise<never> {
    signal?.throwIfAborted();
    if (fault instanceof Error) throw fault;
    if (fault === 'time-out') {
      throw Object.assign(new Error(`"${method}" timed out, as the test asked.`), { code: 'ETIMEDOUT' });
    }
    return new Promise<never>((_, reject) => {
      const letGo = (reason = new Error(`"${method}" was released.`)): void => {
        this.#hanging.delete(letGo);
        reject(reason);
      };
      this.#hanging.add(letGo);
      if (fault === 'hang')
        signal?.addEventListener('abort', () => letGo(signal.reason as Error), { once: true });
    });
  }
}

/** The signal of a call: its last argument, or `signal` in it. */
function signalIn(args: readonly unknown[]): AbortSignal | undefined {
  const last = args.at(-1);
  if (last instanceof AbortSignal) return last;
  const signal: unknown = typeof last === 'object' && last !== null && 'signal' in last ? last.signal : null;
  return signal instanceof AbortSignal ? signal : undefined;
}

function insist(name: string, given: unknown, kind: Kind<unknown>): void {
  const problem = problemWith(given, kind);
  if (problem !== undefined) throw new RangeError(`${name} ${problem}.`);
}
