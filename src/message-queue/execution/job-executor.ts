import type { MessageQueueError } from '../../kernel/errors.js';
import { HostCode } from '../../kernel/host/host-code.js';
import { SafeLogger } from '../../kernel/host/safe-logger.js';
import type { RepeatedLines } from '../../kernel/logging/repeated-lines.js';
import type { Clock } from '../../kernel/time/clock.js';
import type { HandlerRegistry, RegisteredHandler } from '../handlers/handler-registry.js';
import type { ErrorVerdict } from '../handlers/job-error-policy.js';
import { toError } from '../jobs/failure-record.js';
import { ProcessActivity } from '../jobs/activity/process-activity.js';
import type { JobEnds } from '../jobs/events/job-end.js';
import type { JobEvents } from '../jobs/events/job-events.js';
import type { JobLog } from '../jobs/job-logger.js';
import { JobResult } from '../jobs/job-result.js';
import { isBatched } from '../jobs/queue-definition.js';
import type { SealableQueue } from '../jobs/sealing/payload-seal.js';
import { SHREDDED } from '../jobs/settlement.js';
import type { Settlement } from '../jobs/settlement.js';
import type { RunBatch, RunJob, TakenJob } from '../jobs/taken-job.js';
import type { RunSpan } from '../telemetry/traces/run-span.js';
import type { JobTraces } from '../telemetry/traces/job-traces.js';
import { EventLog } from '../telemetry/logs/event-log.js';
import { BatchRun, performBatch } from './batch-run.js';
import type { JobMiddlewareStack } from './job-middleware.js';
import { OutcomeReporter } from './outcome-reporter.js';
import { Run } from './run.js';
import type { RunTools } from './run.js';
import { settleUnsuccessful } from './run-outcome.js';
import { withPayload } from './run-steps.js';
import type { UsePayload } from './run-steps.js';
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
  /** Where runs are counted. Default: nobody sees it. */
  readonly activity?: ProcessActivity;
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
  /** What says that jobs completed, and in fields that they failed. Default: nothing does. */
  readonly log?: EventLog;
  /** Makes runs spans. Default: nothing does. */
  readonly traces?: JobTraces;
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
    const { activity = new ProcessActivity() } = parts;
    this.#parts = parts;
    this.#host = parts.host ?? new HostCode();
    this.#steady = clock.steady();
    this.#stuck = new StuckHandlers(this.#steady, abortGraceMs);
    const watch = (run: Run, reason: MessageQueueError): (() => void) => this.#watch(run, reason);
    const host = this.#host;
    this.#tools = { clock, steady: this.#steady, logger, events, activity, host, lines, watch };
    const log = parts.log ?? new EventLog({ format: 'text' }, clock);
    this.#reporter = new OutcomeReporter(events, ends, lines, log);
  }

  /** Handlers that keep running although their signals aborted, now and since the start; for health. */
  get stuckHandlers(): Pick<StuckHandlers, 'current' | 'total'> {
    return this.#stuck;
  }

  /** What a broker calls for the jobs of one queue. @param now the broker's */
  runnerOf(definition: SealableQueue, now: () => number): RunJob {
    return (taken) => this.run(taken, definition, now);
  }

  /** What a broker calls for jobs of one queue that it collected. @param now the broker's */
  batchRunnerOf(definition: SealableQueue, now: () => number): RunBatch {
    return (taken) => this.runBatch(taken, definition, now);
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
    if (isBatched(definition, taken.job.name)) {
      return this.runBatch([taken], definition, now).then(([settlement]) => settlement as Settlement);
    }
    const run = new Run(taken, definition, this.#tools, now);
    const { traces } = this.#parts;
    if (traces?.isOn === true) run.span = traces.processing([run], false);
    let value: unknown;
    let thrown: unknown;
    try {
      value = await withPayload(run, this.#parts, this.#begin);
    } catch (error) {
      thrown = error ?? toError(error);
    }
    const settlement = this.#settle(run, value, thrown, now());
    run.end();
    run.span?.end([settlement]);
    this.#report(run, settlement);
    return settlement;
  }

  /**
   * Runs jobs that were collected in one run of their handler, each to an end of its own. Never rejects. Those that cannot run fail before
   * the handler sees the others.
   * @param taken of one job name
   * @param now as of `run`
   * @returns how it ended for each, in the same order
   */
  async runBatch(
    taken: readonly TakenJob[],
    definition: SealableQueue,
    now: () => number = () => this.#parts.clock.now(),
  ): Promise<readonly Settlement[]> {
    const name = taken[0]?.job.name;
    // Collected by a worker whose policy was another.
    if (name === undefined || !isBatched(definition, name)) return this.#runEach(taken, definition, now);
    const batch = new BatchRun(taken, definition, this.#tools, now);
    const span = this.#spanOf(batch);
    const { value, thrown } = await performBatch(batch, {
      prepare: async (run) => (await withPayload(run, this.#parts, (_run, payload) => payload)) as object,
      handle: () => this.#parts.middleware.handled(batch, batch.handler, span),
    });
    const at = now();
    const settlements = batch.runs.map((run) => this.#settle(run, value, thrown.get(run), at));
    batch.end();
    span?.end(settlements);
    batch.runs.forEach((run, i) => this.#report(run, settlements[i] as Settlement));
    return settlements;
  }

  async #runEach(
    taken: readonly TakenJob[],
    definition: SealableQueue,
    now: () => number,
  ): Promise<readonly Settlement[]> {
    const settlements: Settlement[] = [];
    for (const one of taken) settlements.push(await this.run(one, definition, now));
    return settlements;
  }

  readonly #begin: UsePayload = (run, payload) => {
    if (run.ending() !== undefined) return undefined;
    run.begin(payload);
    return this.#parts.middleware.handled(run, run.handler as RegisteredHandler, run.span);
  };

  #spanOf({ runs }: BatchRun): RunSpan | undefined {
    const { traces } = this.#parts;
    if (traces?.isOn !== true) return undefined;
    const span = traces.processing(runs, true);
    for (const run of runs) run.span = span;
    return span;
  }

  /** @param thrown what it failed with; undefined when it did not */
  #settle(run: Run, value: unknown, thrown: unknown, now: number): Settlement {
    if (thrown !== undefined || run.ending() !== undefined) return this.#unsuccessful(run, thrown, now);
    try {
      return completed(run, value);
    } catch (error) {
      return this.#unsuccessful(run, error, now);
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
