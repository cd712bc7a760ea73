import type { Type } from '@nestjs/common';
import type { MessageQueueError } from '../../kernel/errors.js';
import { HostCode } from '../../kernel/host/host-code.js';
import { SafeLogger } from '../../kernel/host/safe-logger.js';
import type { RepeatedLines } from '../../kernel/logging/repeated-lines.js';
import type { Clock } from '../../kernel/time/clock.js';
import type { HandlerRegistry, RegisteredHandler } from '../handlers/handler-registry.js';
import type { ErrorVerdict } from '../handlers/job-error-policy.js';
import { toError } from '../jobs/failure-record.js';
import type { JobEnds } from '../jobs/job-end.js';
import type { JobEvents } from '../jobs/job-events.js';
import type { JobLog } from '../jobs/job-logger.js';
import { JobResult } from '../jobs/job-result.js';
import type { OpenedPayload, SealableQueue } from '../jobs/sealing/payload-seal.js';
import { SHREDDED } from '../jobs/settlement.js';
import type { Settlement } from '../jobs/settlement.js';
import type { RunJob, TakenJob } from '../jobs/taken-job.js';
import type { JobMiddlewareStack } from './job-middleware.js';
import { OutcomeReporter } from './outcome-reporter.js';
import { Run } from './run.js';
import type { RunTools } from './run.js';
import { settleUnsuccessful } from './run-outcome.js';
import {
  acceptedPayload,
  currentData,
  handlerOf,
  judgedPayload,
  openedPayload,
  payloadTypeOf,
  refuseCrashLoop,
  refusedErased,
} from './run-steps.js';
import { sealedText } from './full-text.js';
import { StuckHandlers } from './stuck-handlers.js';
import type { StuckHandler } from './stuck-handlers.js';
import { toldError } from './told-error.js';
import type { ErrorTexts } from '../privacy/privacy-settings.js';

/** What the executor depends on. */
export interface JobExecutorParts {
  readonly handlers: HandlerRegistry;
  readonly middleware: JobMiddlewareStack;
  readonly events: JobEvents;
  readonly ends: JobEnds;
  /** Guards what is asked of a host beside its handlers. Default: one of its own. */
  readonly host?: HostCode;
  readonly clock: Clock;
  /** How many worker crashes make a job a dead letter. */
  readonly maxCrashes: number;
  /** How long a handler may keep running after its signal aborted before it counts as stuck, milliseconds. */
  readonly abortGraceMs: number;
  /** Called for each stuck handler once it is logged; with `onStuckHandler: 'exit'` the process exits here. */
  readonly onStuck?: (stuck: StuckHandler) => void;
  /** What is told of failures of sealed queues. Default: `scrubbed`. */
  readonly errorTexts?: ErrorTexts;
  /** What keeps the lines about failed runs few. */
  readonly lines: RepeatedLines;
  /** Default: Nest's. */
  readonly logger?: JobLog;
  /** For jitter, 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * The path of every job in a worker: crash-loop check → find handler → open and check the payload → middleware and handler → outcome →
 * report. It decides how a run ended; the broker stores that. A run is over only when its handler has settled, however
 * late: until then its slot and its lock stay taken, so a job never runs beside its own retry.
 */
export class JobExecutor {
  readonly #parts: JobExecutorParts;
  readonly #tools: RunTools;
  /** For what lasts. */
  readonly #steady: Clock;
  readonly #stuck: StuckHandlers;
  readonly #reporter: OutcomeReporter;
  readonly #host: HostCode;

  constructor(parts: JobExecutorParts) {
    const { clock, events, ends, lines, abortGraceMs, logger = new SafeLogger('JobExecutor') } = parts;
    this.#parts = parts;
    this.#host = parts.host ?? new HostCode();
    this.#steady = clock.steady();
    this.#stuck = new StuckHandlers(this.#steady, abortGraceMs);
    const watch = (run: Run, reason: MessageQueueError): (() => void) => this.#watch(run, reason);
    const host = this.#host;
    this.#tools = { clock, steady: this.#steady, logger, events, host, lines, watch };
    this.#reporter = new OutcomeReporter(events, ends, lines);
  }

  /** Handlers that keep running although their signals aborted, now and since the start; for health. */
  get stuckHandlers(): Pick<StuckHandlers, 'current' | 'total'> {
    return this.#stuck;
  }

  /** What a broker calls for the jobs of one queue. @param now the broker's */
  runnerOf(definition: SealableQueue, now: () => number): RunJob {
    return (taken) => this.run(taken, definition, now);
  }

  /**
   * Runs a job to its end. Never rejects.
   * @param definition the job's queue, with the host's overrides
   * @param now what the record of a failed attempt is dated by; default: this machine's clock
   */
  async run(
    taken: TakenJob,
    definition: SealableQueue,
    now: () => number = () => this.#parts.clock.now(),
  ): Promise<Settlement> {
    const run = new Run(taken, definition, this.#tools);
    let settlement: Settlement;
    try {
      const value = await this.#perform(run);
      settlement =
        run.ending() === undefined ? completed(run, value) : this.#unsuccessful(run, undefined, now());
    } catch (thrown) {
      settlement = this.#unsuccessful(run, thrown ?? toError(thrown), now());
    }
    run.end();
    this.#report(run, settlement);
    return settlement;
  }

  /**
   * All steps up to the handler's result; when told to stop, stops between steps. Throws whatever goes wrong, at once or
   * later. A usual job gets here what its handler returned, without a promise in between: each is paid for by every job.
   */
  #perform(run: Run): Promise<unknown> | undefined {
    if (run.ending() !== undefined) return undefined;
    refuseCrashLoop(run, this.#parts.maxCrashes);
    const type = payloadTypeOf(run);
    const handler = (run.handler = handlerOf(run, this.#parts.handlers));
    const opening = openedPayload(run);
    const asking = refusedErased(run);
    if (asking !== undefined) {
      return Promise.all([opening, asking]).then(([opened]) => this.#validate(run, handler, type, opened));
    }
    if (!(opening instanceof Promise)) return this.#validate(run, handler, type, opening);
    return opening.then((opened) => this.#validate(run, handler, type, opened));
  }

  #validate(
    run: Run,
    handler: RegisteredHandler,
    type: Type<object>,
    opened: OpenedPayload | 'shredded',
  ): Promise<unknown> | undefined {
    if (run.ending() !== undefined) return undefined;
    if (opened === 'shredded') {
      run.isShredded = true;
      return undefined;
    }
    run.opened = opened;
    const data = currentData(run);
    const payload = acceptedPayload(data, type);
    if (payload !== undefined) return this.#handle(run, handler, payload);
    return judgedPayload(run, data, type).then((judged) => this.#handle(run, handler, judged));
  }

  #handle(run: Run, handler: RegisteredHandler, payload: object): Promise<unknown> | undefined {
    if (run.ending() !== undefined) return undefined;
    run.begin(payload);
    let handled: Promise<unknown> | undefined;
    const outcome = this.#parts.middleware.run(run, () => (handled = handler.handle(payload, run)));
    return outcome === handled ? outcome : this.#afterBoth(outcome, () => handled);
  }

  /** A middleware may return before its handler does; the run is over only when both have. */
  async #afterBoth(outcome: Promise<unknown>, handled: () => Promise<unknown> | undefined): Promise<unknown> {
    try {
      return await outcome;
    } finally {
      await handled()?.catch(() => undefined);
    }
  }

  #unsuccessful(run: Run, thrown: unknown, now: number): Settlement {
    const { random = Math.random, errorTexts = 'scrubbed' } = this.#parts;
    const judge = (error: Error): ErrorVerdict | undefined => this.#judge(run, error);
    const tell = (error: Error): Error => toldError(run, error, errorTexts);
    const seal = (error: Error): string | undefined => sealedText(run, error);
    return settleUnsuccessful({ run, thrown, now, judge, tell, seal, random });
  }

  #judge(run: Run, error: Error): ErrorVerdict | undefined {
    if (run.handler === undefined || run.state === 'taken') return undefined;
    const { handler } = run;
    const what = `onError in the class of ${handler.name}`;
    // The usual rules apply to a job whose processor cannot say.
    return this.#host.ask(what, run.queue, () => handler.judge(error, run), undefined);
  }

  /** An abandoned run stores nothing; any other is reported as it was stored. */
  #report(run: Run, settlement: Settlement): void {
    const durationMs = this.#steady.now() - run.takenAt;
    const report = (): void => this.#reporter.report(run, settlement, durationMs);
    if (settlement.kind === 'abandoned') report();
    else run.taken.onStored((isStored) => isStored && report());
  }

  #watch(run: Run, reason: MessageQueueError): () => void {
    const handler = run.handler?.name ?? 'The handler';
    return this.#stuck.watch(run.place, handler, reason, (stuck) => this.#reportStuck(run, stuck));
  }

  #reportStuck(run: Run, stuck: StuckHandler): void {
    const abortedForMs = this.#steady.now() - stuck.abortedAt;
    run.logger.error(
      `${stuck.handler} is still running ${abortedForMs} ms after its signal aborted (${stuck.reason.code}); its slot stays taken. ` +
        'Pass context.signal on to what it waits for.',
    );
    this.#parts.events.emit('stuck', { ...run.place, handler: stuck.handler, abortedForMs });
    this.#parts.onStuck?.(stuck);
  }
}

function completed(run: Run, value: unknown): Settlement {
  if (run.isShredded) return SHREDDED;
  return { kind: 'completed', result: JobResult.of(value, run.place, run.opened?.sealer) };
}
