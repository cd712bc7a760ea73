import type { BreakerState } from '../jobs/events/job-events.js';

/** One breaker at one moment. */
export interface BreakerStatus {
  /** Name of the external dependency, for example `smtp`. */
  readonly dependency: string;
  readonly state: BreakerState;
  /** Failures in a row. */
  readonly failures: number;
  /** When it opened last, milliseconds since the epoch; null while it is closed. */
  readonly openedAt: number | null;
  /** Until the next probe may go through, milliseconds; 0 when it may go now. */
  readonly retryAfterMs: number;
  /**
   * Name and code of the error that counted last and of its causes, such as `SmtpError SMTP_FAILED, Error ECONNREFUSED`; null when none did
   * since it closed. Without its message, which may quote what was sent.
   */
  readonly lastError: string | null;
}

/** What {@link CircuitBreakers.run} may be told about one call. */
export interface BreakerCall {
  /** The signal that the call itself obeys, usually `context.signal`. */
  readonly signal?: AbortSignal;
}

/**
 * Keeps jobs away from an external dependency that is down. One breaker per name, made at the first call.
 * Type and injection token in one; processors and adapters inject it.
 */
export abstract class CircuitBreakers {
  /**
   * Makes the call, unless the dependency's breaker is open.
   *
   * Counts as a failure: whatever the call throws, and a call that runs into its job's timeout. Does not count: errors
   * that say that the dependency answered (`UnrecoverableJobError`, invalid payload, `RetryLater`, `DestinationBusyError`), and a call that
   * ended because its job was cancelled, handed back or lost its lock. Where calls are nested, an error counts for the
   * innermost dependency only: the others passed the call on. `ChannelSettingsError` opens the breaker at once.
   *
   * @param dependency one name per thing that can be down on its own: `smtp`, `webhook:example.org`
   * @throws CircuitOpenError with `retryAfterMs`; let it pass: the job then waits without spending an attempt
   */
  abstract run<T>(dependency: string, call: () => Promise<T>, options?: BreakerCall): Promise<T>;

  /** Every breaker that was ever asked for, by name. */
  abstract statuses(): readonly BreakerStatus[];
}
