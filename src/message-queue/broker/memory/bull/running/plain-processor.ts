import type { Job } from 'bull';
import { promisify } from 'node:util';
import { HandlerRegistrationError, UnsupportedOperationError } from '../../../../jobs/errors.js';
import type { JobEnding } from '../job/job-ending.js';
import type { MemoryJob } from '../job/memory-job.js';
import type { QueueEngine } from '../../store/queue-engine.js';

/** A handler as Bull's `process` takes it: with one parameter it returns a promise, with two it calls back. */
export type PlainHandler = (job: Job, done?: (error?: Error | null, value?: unknown) => void) => unknown;

type Run = (job: MemoryJob) => Promise<unknown>;

/** Equal to Bull: runs jobs by the handlers that were given to `process`. */
export class PlainProcessor {
  private readonly handlers = new Map<string, Run>();

  constructor(
    private readonly engine: QueueEngine,
    private readonly ending: JobEnding,
    private readonly queue: object,
  ) {}

  /**
   * @throws Error when the name has a handler already or there is none to set, as Bull
   * @throws UnsupportedOperationError for a handler given as a file path
   */
  setHandler(name: string, handler: unknown): void {
    if (!handler) throw new Error('Cannot set an undefined handler');
    if (this.handlers.has(name)) throw new Error(`Cannot define the same handler twice ${name}`);
    if (typeof handler === 'string') {
      throw new UnsupportedOperationError(
        `Queue "${this.engine.name}" is in memory: its handlers run in this process. Give process() a function ` +
          `instead of the file path "${handler}".`,
        { queue: this.engine.name },
      );
    }
    if (typeof handler !== 'function') {
      throw new HandlerRegistrationError(
        `The handler of "${name}" on queue "${this.engine.name}" must be a function, not ${typeof handler}.`,
        { queue: this.engine.name },
      );
    }
    this.handlers.set(name, this.asRun(handler as PlainHandler));
  }

  /** One run to its end, with the events that Bull emits around it. Rejects when the job could not be settled. */
  run(job: MemoryJob): Promise<void> {
    const handler = this.handlers.get(job.name) ?? this.handlers.get('*');
    if (handler === undefined) {
      return this.fail(job, new Error(`Missing process handler for job type ${job.name}`));
    }
    let running = handler(job);
    const timeoutMs = job.opts.timeout;
    if (timeoutMs) running = this.withTimeout(running, timeoutMs);
    this.engine.events.emit('active', job, running, 'waiting');
    return running
      .then((result) => this.complete(job, result))
      .catch((error: unknown) => this.fail(job, error as Error));
  }

  private async complete(job: MemoryJob, result: unknown): Promise<void> {
    await this.ending.moveToCompleted(job, result, false, true);
    this.engine.events.emit('completed', job, result, 'active');
  }

  private async fail(job: MemoryJob, error: Error): Promise<void> {
    await this.ending.moveToFailed(job, error, false);
    this.engine.events.emit('failed', job, error, 'active');
  }

  private asRun(handler: PlainHandler): Run {
    const bound = handler.bind(this.queue);
    // As Bull: the number of declared parameters tells whether it calls back.
    if (handler.length > 1) return promisify<Job, unknown>(bound);
    // Async, so that a handler that throws at once is a rejection like any other.
    return async (job) => bound(job);
  }

  private withTimeout(running: Promise<unknown>, timeoutMs: number): Promise<unknown> {
    if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) {
      const message = `Expected \`milliseconds\` to be a positive number, got \`${String(timeoutMs)}\``;
      running.catch(() => undefined);
      return Promise.reject(new TypeError(message));
    }
    return new Promise((resolve, reject) => {
      const timer = this.engine.clock.setTimer(() => {
        const error = new Error(`Promise timed out after ${timeoutMs} milliseconds`);
        error.name = 'TimeoutError';
        reject(error);
      }, timeoutMs);
      running.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}
