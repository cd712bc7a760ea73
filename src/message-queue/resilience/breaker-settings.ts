/** How one dependency's breaker behaves. */
export interface BreakerSettings {
  /** Failures in a row that open it. Default 5. */
  readonly failureThreshold: number;
  /** How long it stays open before one probe goes through, milliseconds. Default 30 000. */
  readonly halfOpenAfterMs: number;
  /**
   * Whether an error says that the dependency is in trouble. Asked after the library's own rules
   * (`UnrecoverableJobError`, invalid payloads and `RetryLater` never count). Default: every error counts.
   */
  readonly isFailure: (error: unknown) => boolean;
}

/** Settings of all breakers: what is missing takes its default, what a dependency names wins. */
export interface CircuitBreakerOptions extends Partial<BreakerSettings> {
  /** By dependency name. */
  readonly dependencies?: Readonly<Record<string, Partial<BreakerSettings>>>;
}

/** Defaults of every breaker. */
const BREAKER_DEFAULTS: BreakerSettings = {
  failureThreshold: 5,
  halfOpenAfterMs: 30_000,
  isFailure: () => true,
};

/** The settings of one dependency. */
export function breakerSettingsOf(dependency: string, options: CircuitBreakerOptions): BreakerSettings {
  const { dependencies, ...shared } = options;
  const own = dependencies && Object.hasOwn(dependencies, dependency) ? dependencies[dependency] : undefined;
  return { ...BREAKER_DEFAULTS, ...defined(shared), ...defined(own ?? {}) };
}

function defined(settings: Partial<BreakerSettings>): Partial<BreakerSettings> {
  return Object.fromEntries(
    Object.entries(settings as Record<string, unknown>).filter(([, value]) => value !== undefined),
  );
}
