import type { EventEmitter } from 'node:events';
import type { Clock } from '../../../../kernel/time/clock.js';
import type { FlowPolicy } from '../../../jobs/flow/flow-policy.js';
import type { MemoryBudget } from './memory-budget.js';
import type { StoredJob } from './stored-job.js';

/** Whether a job may start: at once, once the whole queue may go on, or once this one job may. Times in epoch ms. */
export type StartDecision =
  'start' | { readonly queueWaitsUntil: number } | { readonly jobWaitsUntil: number };

/** Limits how many jobs start in a time. */
export interface StartLimit {
  /** Counts a start when it allows one. */
  start(job: StoredJob, now: number): StartDecision;
}

/** What the layer above adds to the moves of an engine. All are called synchronously, as a part of the move. */
export interface EngineHooks {
  /** There may be something to take. */
  onWork(): void;
  /** A job became active. */
  onStart(job: StoredJob): void;
  /** A job finished. @param text its result as JSON, or the message of its error */
  onEnd(job: StoredJob, state: 'completed' | 'failed', text: string | undefined): void;
  /** A job ended because it had not started in time. */
  onExpire(job: StoredJob): void;
  /** A job is about to be removed that has not finished, or that a host removes by name. */
  onRemove(job: StoredJob): void;
}

/** What an engine is built from. */
export interface EngineOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly budget: MemoryBudget;
  readonly emitter: EventEmitter;
  readonly limit: StartLimit | null;
  /** Undefined: jobs have no groups. */
  readonly flow: FlowPolicy | undefined;
  readonly hooks: EngineHooks;
}
