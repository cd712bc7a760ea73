import { Logger } from '@nestjs/common';
import type { Delivery, RunDelivery } from '../jobs/delivery.js';
import { Attempt } from './attempt.js';
import { settleUnsuccessful } from './attempt-outcome.js';
import { findHandler, refuseCrashLoop, validatedPayload } from './attempt-steps.js';
import type { Clock } from '../../kernel/time/clock.js';
import { toError } from '../jobs/failure-record.js';
import type { HandlerRegistry, RegisteredHandler } from '../handlers/handler-registry.js';
import type { ErrorVerdict } from '../handlers/job-error-policy.js';
import type { JobEvents } from '../jobs/job-events.js';
import { JobLogger } from '../jobs/job-logger.js';
import type { JobLog } from '../jobs/job-logger.js';
import type { JobMiddlewareStack } from './job-middleware.js';
import type { JobProgress } from '../jobs/job-progress.js';
import { storableResult } from './job-result.js';
import { JobRun } from './job-run.js';
import { OutcomeReporter, placeOf } from './outcome-reporter.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import type { Settlement } from '../jobs/settlement.js';
import { StuckHandlers } from './stuck-handlers.js';
import type { StuckHandler } from './stuck-handlers.js';

/** What the executor stands on. */
export interface JobExecutorParts {
  readonly handlers: HandlerRegistry;
  readonly middleware: JobMiddlewareStack;
  readonly events: JobEvents;
  readonly clock: Clock;
  /** Crashes of its worker after which a job becomes a dead letter. */
  readonly maxCrashes: number;
  /** How long a handler may go on after its signal aborted before it counts as stuck, milliseconds. */
  readonly abortGraceMs: number;
  /** Called for each stuck handler after it was logged: with `onStuckHandler: 'exit'` the place to exit. */
  readonly onStuck?: (stuck: StuckHandler) => void;
  /** Default: Nest's. */
  readonly logger?: JobLog;
  /** For jitter, 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * The road every job takes in a worker: crash-loop check → handler → validation → context → middleware → handler →
 * outcome. It decides how a run ended, the broker stores it. A run is over only when its handler has settled, however
 * late: until then its slot and its lock stay taken, so a job never runs beside its own retry.
 */
export class JobExecutor {
  readonly #parts: JobExecutorParts;
  readonly #logger: JobLog;
  readonly #stuck: StuckHandlers;
  readonly #reporter: OutcomeReporter;

  constructor(parts: JobExecutorParts) {
    this.#parts = parts;
    this.#logger = parts.logger ?? new Logger('JobExecutor');
    this.#stuck = new StuckHandlers(parts.clock, parts.abortGraceMs, (stuck) => this.#reportStuck(stuck));
    this.#reporter = new OutcomeReporter(parts.events, this.#logger);
  }

  /** Handlers that go on although their signals aborted, now and since the start; for health. */
  get stuckHandlers(): Pick<StuckHandlers, 'current' | 'total'> {
    return this.#stuck;
  }

  /** What a broker calls for the deliveries of one queue. */
  runnerOf(definition: QueueDefinition): RunDelivery {
    return (delivery) => this.run(delivery, definition);
  }

  /**
   * Runs one delivery to its end. Never rejects.
   * @param definition of the delivery's queue, with the host's overrides
   */
  async run(delivery: Delivery, definition: QueueDefinition): Promise<Settlement> {
    const attempt = new Attempt(delivery, definition, this.#parts.clock.now());
    const stopListening = attempt.listen();
    const settlement = await this.#settle(attempt);
    stopListening();
    attempt.run?.end();
    this.#report(attempt, settlement);
    return settlement;
  }

  async #settle(attempt: Attempt): Promise<Settlement> {
    try {
      const value = await this.#perform(attempt);
      if (attempt.ending() !== undefined) return this.#unsuccessful(attempt, undefined);
      return { kind: 'completed', result: storableResult(value, errorPlace(attempt)) };
    } catch (thrown) {
      return this.#unsuccessful(attempt, thrown ?? toError(thrown));
    }
  }

  /** The steps up to what the handler returns. Whatever goes wrong is thrown; told to stop, it stops between steps. */
  async #perform(attempt: Attempt): Promise<unknown> {
    if (attempt.ending() !== undefined) return undefined;
    refuseCrashLoop(attempt, this.#parts.maxCrashes);
    attempt.handler = findHandler(attempt, this.#parts.handlers);
    const payload = await validatedPayload(attempt);
    if (attempt.ending() !== undefined) return undefined;
    return this.#runHandler(attempt, attempt.handler, payload);
  }

  async #runHandler(attempt: Attempt, handler: RegisteredHandler, payload: object): Promise<unknown> {
    let stopWatching: (() => void) | undefined;
    const run = this.#openRun(attempt, handler, payload, (settled) => (stopWatching = settled));
    attempt.run = run;
    this.#parts.events.emit('active', placeOf(attempt));
    let handled: Promise<unknown> | undefined;
    try {
      return await this.#parts.middleware.run(run, () => (handled = handler.handle(payload, run)));
    } finally {
      // A middleware may answer before its handler does; the run is not over until then.
      await handled?.catch(() => undefined);
      stopWatching?.();
    }
  }

  #openRun(
    attempt: Attempt,
    handler: RegisteredHandler,
    payload: object,
    onWatched: (settled: () => void) => void,
  ): JobRun {
    const { clock } = this.#parts;
    return new JobRun({
      job: attempt.delivery.job,
      queue: attempt.queue,
      jobName: attempt.jobName,
      jobId: attempt.jobId,
      attempt: attempt.attempt,
      maxAttempts: attempt.maxAttempts,
      correlationId: attempt.correlationId,
      metadata: attempt.record.metadata ?? {},
      payload,
      timeoutMs: attempt.timeoutMs,
      handler: handler.name,
      clock,
      logger: this.#logger,
      storeProgress: (progress) => this.#storeProgress(attempt, progress),
      onAbort: (reason) => onWatched(this.#stuck.watch(attempt, handler.name, reason)),
    });
  }

  async #storeProgress(attempt: Attempt, progress: JobProgress): Promise<void> {
    await attempt.delivery.job.progress(progress);
    this.#parts.events.emit('progress', { ...placeOf(attempt), progress });
  }

  #unsuccessful(attempt: Attempt, thrown: unknown): Settlement {
    return settleUnsuccessful({
      thrown,
      ending: attempt.ending(),
      attempt: attempt.attempt,
      maxAttempts: attempt.maxAttempts,
      backoff: attempt.delivery.job.opts.backoff,
      queueBackoff: attempt.definition.backoff,
      now: this.#parts.clock.now(),
      judge: (error) => this.#judge(attempt, error),
      random: this.#parts.random ?? Math.random,
    });
  }

  #judge(attempt: Attempt, error: Error): ErrorVerdict | undefined {
    const { handler, run } = attempt;
    if (handler === undefined || run === undefined) return undefined;
    try {
      return handler.judge(error, run);
    } catch (thrown) {
      run.logger.error(
        `onError of ${handler.name}'s class failed, the usual rules apply: ${toError(thrown).message}`,
      );
      return undefined;
    }
  }

  #report(attempt: Attempt, settlement: Settlement): void {
    if (!this.#reporter.hears(settlement)) return;
    const durationMs = this.#parts.clock.now() - attempt.startedAt;
    const report = (): void => this.#reporter.report(attempt, settlement, durationMs);
    const { stored } = attempt.delivery;
    // Nothing is stored of an abandoned run.
    if (stored === undefined || settlement.kind === 'abandoned') report();
    else void stored.then((isStored) => isStored && report(), this.#ignore);
  }

  /** A settlement that could not be stored is the broker's to report. */
  readonly #ignore = (): void => undefined;

  #reportStuck(stuck: StuckHandler): void {
    const abortedForMs = this.#parts.clock.now() - stuck.abortedAt;
    new JobLogger(this.#logger, stuck).error(
      `${stuck.handler} goes on ${abortedForMs} ms after its signal aborted (${stuck.reason.code}); its slot stays taken. ` +
        'Pass context.signal on to what it waits for.',
    );
    this.#parts.events.emit('stuck', { ...placeOf(stuck), handler: stuck.handler, abortedForMs });
    this.#parts.onStuck?.(stuck);
  }
}

function errorPlace({ queue, jobName, jobId }: Attempt): { queue: string; job: string; jobId: string } {
  return { queue, job: jobName, jobId };
}
