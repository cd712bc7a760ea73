import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleType } from 'cockatiel';
import type { CircuitBreakerPolicy } from 'cockatiel';
import { errorCodesOf } from '../../kernel/logging/error-text.js';
import type { Clock } from '../../kernel/time/clock.js';
import { CircuitOpenError } from '../jobs/errors.js';
import type { BreakerState } from '../jobs/events/job-events.js';
import { ChannelSettingsError } from '../ports/destination-errors.js';
import type { BreakerStatus } from '../ports/circuit-breakers.js';
import type { BreakerSettings } from './breaker-settings.js';
import { judgeFailedCall } from './call-verdict.js';

/** Longest wait of a job that meets a probe under way, milliseconds. */
const PROBE_WAIT_MS = 5_000;

const STATE_NAMES: Record<CircuitState, BreakerState> = {
  [CircuitState.Closed]: 'CLOSED',
  [CircuitState.Open]: 'OPEN',
  [CircuitState.HalfOpen]: 'HALF_OPEN',
  [CircuitState.Isolated]: 'OPEN',
};

/** Tells cockatiel that a call counts; anything else that is thrown inside the policy does not. */
class CountedFailure extends Error {}
class SilentFailure extends Error {}

/** Opens at once when what is wrong is wrong for every call. */
class FailureCounter extends ConsecutiveBreaker {
  isHopeless = false;

  override failure(): boolean {
    return super.failure() || this.isHopeless;
  }

  override success(): void {
    super.success();
    this.isHopeless = false;
  }
}

/** The breaker of one dependency: cockatiel's state machine on our clock and our rules for what counts. */
export class DependencyBreaker {
  private readonly counter: FailureCounter;
  private readonly policy: CircuitBreakerPolicy;
  private openedAt: number | null = null;
  private lastError: string | null = null;

  /**
   * @param isOfAnother whether an error came from a dependency that the call asked in turn
   * @param changed called after every change of state
   */
  constructor(
    private readonly dependency: string,
    private readonly settings: BreakerSettings,
    private readonly clock: Clock,
    private readonly isOfAnother: (error: unknown) => boolean,
    changed: (status: BreakerStatus) => void,
  ) {
    this.counter = new FailureCounter(settings.failureThreshold);
    // The time to wait is ours to keep: cockatiel only reads the system's clock.
    this.policy = circuitBreaker(handleType(CountedFailure), { breaker: this.counter, halfOpenAfter: 0 });
    this.policy.onStateChange((state) => {
      if (state === CircuitState.Open) this.openedAt = this.clock.now();
      if (state === CircuitState.Closed) this.forget();
      changed(this.status());
    });
  }

  /** Nothing would be lost if this breaker were recreated. */
  get isPristine(): boolean {
    return this.policy.state === CircuitState.Closed && this.counter.state === 0;
  }

  status(): BreakerStatus {
    return {
      dependency: this.dependency,
      state: STATE_NAMES[this.policy.state],
      failures: this.counter.state,
      openedAt: this.openedAt,
      retryAfterMs: this.policy.state === CircuitState.Closed ? 0 : this.remainingMs(),
      lastError: this.lastError,
    };
  }

  /** @throws CircuitOpenError when the call was not made */
  async run<T>(call: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted();
    this.refuseWhileOpen();
    const probing = this.policy.state !== CircuitState.Closed;
    // cockatiel runs the function in this same tick, so that no second call can slip in beside a probe.
    let outcome: Promise<T> | undefined;
    await this.policy
      .execute(() => {
        outcome = started(call);
        return this.watch(outcome, signal, probing);
      })
      .catch(() => undefined);
    if (outcome === undefined) throw new CircuitOpenError(this.dependency, this.remainingMs());
    // An aborted call is over for the breaker, but not for its job: that one waits until the call has settled.
    return outcome;
  }

  private refuseWhileOpen(): void {
    const { state } = this.policy;
    if (state === CircuitState.Closed) return;
    const waitMs = this.remainingMs();
    if (waitMs > 0) throw new CircuitOpenError(this.dependency, waitMs);
  }

  private remainingMs(): number {
    const { halfOpenAfterMs } = this.settings;
    if (this.policy.state === CircuitState.HalfOpen) return Math.min(halfOpenAfterMs, PROBE_WAIT_MS);
    return Math.max(0, (this.openedAt ?? 0) + halfOpenAfterMs - this.clock.now());
  }

  private async watch(
    outcome: Promise<unknown>,
    signal: AbortSignal | undefined,
    probing: boolean,
  ): Promise<void> {
    try {
      await (signal ? orAborted(outcome, signal) : outcome);
    } catch (error) {
      if (this.isOfAnother(error)) return;
      const verdict = judgeFailedCall(error, signal, this.settings.isFailure);
      if (verdict === 'answered') return;
      // A probe that was called off proved nothing: stay closed to the crowd and probe again later.
      if (verdict === 'silent' && !probing) throw new SilentFailure();
      this.lastError = errorCodesOf(error);
      this.counter.isHopeless = error instanceof ChannelSettingsError;
      throw new CountedFailure();
    }
  }

  private forget(): void {
    this.openedAt = null;
    this.lastError = null;
  }
}

/** A call that throws before it returns a promise fails like any other. */
async function started<T>(call: () => Promise<T>): Promise<T> {
  return await call();
}

/** The call's outcome, or the abort reason if that comes first. */
async function orAborted(outcome: Promise<unknown>, signal: AbortSignal): Promise<void> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([outcome, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}
