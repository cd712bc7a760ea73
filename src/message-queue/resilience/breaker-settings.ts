import { code, milliseconds, wholeNumber } from '../../kernel/values/kinds.js';
import type { GivenOptions, ReadOptions } from '../../kernel/values/options.js';
import { setting } from '../../kernel/values/setting.js';

const MANY = 1_000_000_000;
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** How a breaker behaves: `forRoot({ circuitBreakers })`. A dependency's own settings have no defaults: the shared ones apply. */
export const BREAKER_SETTINGS = {
  /** Failures in a row that open it. Default 5. */
  failureThreshold: setting(wholeNumber(1, MANY), {}),
  /** How long it stays open before one probe goes through, milliseconds. Default 30 000. */
  halfOpenAfterMs: setting(milliseconds(1, YEAR_MS), {}),
  /**
   * Whether an error says that the dependency is in trouble. Asked after the library's own rules
   * (`UnrecoverableJobError`, invalid payloads, `RetryLater` and `DestinationBusyError` never count, `ChannelSettingsError` always does). Default: every error counts.
   */
  isFailure: setting(code<(error: unknown) => boolean>('a function of the error'), {}),
};

/** How one dependency's breaker behaves. */
export interface BreakerSettings extends Required<ReadOptions<typeof BREAKER_SETTINGS>> {}

/** Settings of all breakers: what is missing takes its default, what a dependency names wins. */
export interface CircuitBreakerOptions extends GivenOptions<typeof BREAKER_SETTINGS> {
  /** By dependency name. Settings of `notification:push` are those of `notification:push:fcm` too, unless that has its own. */
  readonly dependencies?: Readonly<Record<string, Partial<BreakerSettings>>>;
}

/** Defaults of every breaker. */
const BREAKER_DEFAULTS: BreakerSettings = {
  failureThreshold: 5,
  halfOpenAfterMs: 30_000,
  isFailure: () => true,
};

/** The settings of one dependency: the shared ones, then those of each name that it is part of, its own last. */
export function breakerSettingsOf(dependency: string, options: CircuitBreakerOptions): BreakerSettings {
  const { dependencies = {}, ...shared } = options;
  const parts = dependency.split(':');
  const names = parts.map((_, index) => parts.slice(0, index + 1).join(':'));
  const own = names.map((name) =>
    Object.hasOwn(dependencies, name) ? defined(dependencies[name] ?? {}) : {},
  );
  return Object.assign({ ...BREAKER_DEFAULTS, ...defined(shared) }, ...own) as BreakerSettings;
}

function defined(settings: Partial<BreakerSettings>): Partial<BreakerSettings> {
  return Object.fromEntries(
    Object.entries(settings as Record<string, unknown>).filter(([, value]) => value !== undefined),
  );
}
