import { inOwnContext } from '../../kernel/host/root-context.js';
import type { MessageQueueError } from '../../kernel/errors.js';
import type { ClockTimer } from '../../kernel/time/clock.js';
import type { BatchContext } from '../handlers/batch-context.js';
import type { RegisteredHandler } from '../handlers/handler-registry.js';
import type { HandledRun, JobContext } from '../handlers/job-context.js';
import { RateLimited } from '../jobs/errors.js';
import { toError } from '../jobs/failure-record.js';
import type { JobLog } from '../jobs/job-logger.js';
import type { SealableQueue } from '../jobs/sealing/payload-seal.js';
import type { TakenJob } from '../jobs/taken-job.js';
import type { MiddlewareContext } from './job-middleware.js';
import { Run } from './run.js';
import type { RunTools } from './run.js';
import { newRunSignal } from './run-signal.js';

const NOTHING_TO_STOP = (): void => undefined;

/**
 * One run of a handler with the payloads of many jobs: the context that the handler and the middleware get, and its timeout. Each job has
 * its own {@link Run} all the same, which knows why that one must stop, and of which its end is made. What is said of one job here is said
 * of the first member.
 */
export class BatchRun implements BatchContext, MiddlewareContext, HandledRun {
  /** All jobs that were taken, whether or not the handler gets them. */
  readonly runs: readonly Run[];
  members: readonly Run[] = [];
  payload: object[] = [];
  readonly failures = new Map<Run, Error>();

  readonly #tools: RunTools;
  #timer: ClockTimer | undefined;
  #controller: AbortController | undefined;
  #reason: MessageQueueError | undefined;
  #stopWatching = NOTHING_TO_STOP;
  /** Members that were not told to stop. */
  #going = 0;

  /** @param now the broker's clock */
  constructor(taken: readonly TakenJob[], definition: SealableQueue, tools: RunTools, now: () => number) {
    this.#tools = tools;
    const watch: RunTools['watch'] = (_run, reason) => this.#noteStopped(reason);
    this.runs = taken.map((one) => new Run(one, definition, { ...tools, watch }, now));
  }

  /**
   * Call when the handler starts: its timeout begins.
   * @param payloads of the runs, in their order; undefined where there is nothing to handle
   * @returns whether anything is left to handle
   */
  begin(payloads: readonly (object | undefined)[]): boolean {
    const isMember = (run: Run, i: number): boolean =>
      payloads[i] !== undefined && run.ending() === undefined;
    this.payload = payloads.filter((payload, i): payload is object => isMember(this.runs[i] as Run, i));
    this.members = this.runs.filter(isMember);
    this.#going = this.members.length;
    if (this.#going === 0) return false;
    const timeoutMs = Math.min(...this.members.map((run) => run.timeoutMs));
    this.#timer = this.#tools.steady.setTimer(() => this.#timeOut(timeoutMs), timeoutMs);
    this.members.forEach((run, i) => {
      run.within = this;
      run.beginUntimed(this.payload[i] as object);
    });
    return true;
  }

  /** Ends all runs: no timer is left. */
  end(): void {
    this.#timer?.cancel();
    this.#stopWatching();
    for (const run of this.runs) run.end();
  }

  fail(index: number, error: Error): void {
    const run = this.members[index];
    if (run === undefined) {
      throw new RangeError(
        `The batch has ${this.members.length} members, from 0 on: ${index} is none of them.`,
      );
    }
    if (!this.failures.has(run)) this.failures.set(run, toError(error));
  }

  get batch(): BatchContext {
    return this;
  }

  /** Of all of them. */
  get handler(): RegisteredHandler {
    return this.#first.handler as RegisteredHandler;
  }

  get queue(): string {
    return this.#first.queue;
  }

  get jobName(): string {
    return this.#first.jobName;
  }

  get jobId(): string {
    return this.#first.jobId;
  }

  get attempt(): number {
    return this.#first.attempt;
  }

  get maxAttempts(): number {
    return this.#first.maxAttempts;
  }

  get correlationId(): string {
    return this.#first.correlationId;
  }

  get metadata(): JobContext['metadata'] {
    return this.#first.metadata;
  }

  get addedAt(): Date {
    return this.#first.addedAt;
  }

  get scheduledFor(): Date | undefined {
    return this.#first.scheduledFor;
  }

  get logger(): JobLog {
    return this.#first.logger;
  }

  get progress(): JobContext['progress'] {
    return this.#first.progress;
  }

  get taken(): TakenJob {
    return this.#first.taken;
  }

  get deadline(): number {
    return Math.min(...this.members.map((run) => run.deadline));
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = newRunSignal(this.#first, this.#tools.host);
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** @throws RateLimited always */
  rateLimited(ms: number, reason?: string): never {
    throw new RateLimited(ms, reason);
  }

  get #first(): Run {
    return (this.members[0] ?? this.runs[0]) as Run;
  }

  #timeOut(limitMs: number): void {
    for (const run of this.members) run.timeOut(limitMs);
  }

  #noteStopped(reason: MessageQueueError): () => void {
    this.#going -= 1;
    if (this.#going === 0) this.#abort(reason);
    return NOTHING_TO_STOP;
  }

  #abort(reason: MessageQueueError): void {
    this.#timer?.cancel();
    this.#reason = reason;
    // Whoever cancels a job does so in a request of its own.
    inOwnContext(() => this.#controller?.abort(reason));
    this.#stopWatching = this.#tools.watch(this.#first, reason);
  }
}

/** The steps of a batch that single jobs have too. */
export interface BatchSteps {
  /** Opens and validates the payload of one; undefined when there is nothing to run. */
  readonly prepare: (run: Run) => Promise<object | undefined>;
  readonly handle: (batch: BatchRun) => Promise<unknown>;
}

/** How a batch went. */
export interface BatchOutcome {
  /** What the handler returned. */
  readonly value: unknown;
  /** What runs failed with: each for itself before the handler, or by what it said of them; the others, if it threw, together. */
  readonly thrown: ReadonlyMap<Run, unknown>;
}

/** Takes a batch through its handler. Never rejects. */
export async function performBatch(batch: BatchRun, { prepare, handle }: BatchSteps): Promise<BatchOutcome> {
  const thrown = new Map<Run, unknown>();
  const prepared = batch.runs.map(async (run) => {
    try {
      return await prepare(run);
    } catch (error) {
      thrown.set(run, error ?? toError(error));
      return undefined;
    }
  });
  if (!batch.begin(await Promise.all(prepared))) return { value: undefined, thrown };
  let value: unknown;
  try {
    value = await handle(batch);
  } catch (error) {
    for (const run of batch.members) thrown.set(run, error ?? toError(error));
  }
  for (const [run, error] of batch.failures) thrown.set(run, error);
  return { value, thrown };
}
