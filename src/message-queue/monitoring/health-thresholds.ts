import { milliseconds, numberFrom, wholeNumber } from '../../kernel/values/kinds.js';
import type { ReadOptions } from '../../kernel/values/options.js';
import { defaultsOf, setting } from '../../kernel/values/setting.js';

const MANY = 1_000_000_000;
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** The thresholds at which health begins to suffer: `forRoot({ health })`. */
export const HEALTH_SETTINGS = {
  /** Share of failed attempts, 0 to 1. Default 0.05. */
  degradedFailureRate: setting(numberFrom(0, 1), { default: 0.05 }),
  /** Share of failed attempts, 0 to 1. Default 0.5. */
  unhealthyFailureRate: setting(numberFrom(0, 1), { default: 0.5 }),
  /** Attempts within the window below which the failure rate says nothing. Default 20. */
  minAttempts: setting(wholeNumber(0, MANY), { default: 20 }),
  /** How long a job may wait, milliseconds. Default 60 000. */
  maxWaitMs: setting(milliseconds(0, YEAR_MS), { default: 60_000 }),
  /** How long jobs may wait without any progress, milliseconds. Default 30 000. */
  noProgressMs: setting(milliseconds(0, YEAR_MS), { default: 30_000 }),
  /** Number of dead letters that is too many to leave unread. Default 100. */
  maxDeadLetters: setting(wholeNumber(0, MANY), { default: 100 }),
  /** Used share of the server's memory. Default 0.7. */
  maxMemoryRatio: setting(numberFrom(0, 1), { default: 0.7 }),
  /** Difference between our clock and the server's, milliseconds. Default 2 000. */
  maxClockSkewMs: setting(milliseconds(0, YEAR_MS), { default: 2_000 }),
};

/** The thresholds at which health begins to suffer. */
export interface HealthThresholds extends ReadOptions<typeof HEALTH_SETTINGS> {}

/** Defaults of {@link HealthThresholds}. */
export const HEALTH_DEFAULTS: HealthThresholds = defaultsOf(HEALTH_SETTINGS);
