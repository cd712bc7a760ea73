/** How many jobs may start in a time: at most `burst + limit × (W + 50 ms) / perMs` in any window of W milliseconds. */
export interface RateLimit {
  /** Jobs per `perMs`, from 1. */
  readonly limit: number;
  /** Milliseconds. */
  readonly perMs: number;
  /** Jobs that may start at once after a rest. Default 1: they are spread evenly. */
  readonly burst?: number;
}

/** A rate of its own name: one bucket for every queue and job that names it. Build one with {@link defineRate}. */
export interface SharedRate extends RateLimit {
  readonly name: string;
}

/**
 * Describes a rate that queues and job names share: `flow: { jobs: { 'send-sms': { rate: SMS_PROVIDER } } }`. Checked when a queue that
 * names it is registered. On a Redis Cluster all of these queues need one hash slot: `prefix: '{mq}'`. A channel of notifications takes one too:
 * `new TwilioSmsChannel({ …, rate: SMS_PROVIDER })`.
 */
export function defineRate(name: string, limit: RateLimit): SharedRate {
  return Object.freeze({ name, ...limit });
}

/** What the name of a shared rate may be: it is part of the bucket's key. */
export const RATE_NAME = /^[a-z0-9][a-z0-9_.-]{0,63}$/i;
