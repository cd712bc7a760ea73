import type { BatchContext } from '../handlers/batch-context.js';
import type { RegisteredHandler } from '../handlers/handler-registry.js';
import type { HandledRun, JobContext } from '../handlers/job-context.js';
import type { RunSpan } from '../telemetry/traces/run-span.js';

/**
 * What middleware sees: the handler's context and the validated payload. Around a batch, `payload` is the array of its payloads, and what else
 * is about one job is about the first member; `batch` has all of them.
 */
export type MiddlewareContext = JobContext & { readonly payload: object; readonly batch?: BatchContext };

/**
 * Runs around every handler: before `next()`, after it, and when it throws. What it returns becomes the
 * job's result; what it throws fails the attempt as if the handler had thrown it. Not calling `next()` skips the handler.
 * A handler that gets a batch is one handler: middleware runs once around it, and what it returns or throws is that of all members.
 */
export type JobMiddleware = (context: MiddlewareContext, next: () => Promise<unknown>) => Promise<unknown>;

/** A middleware and the queue it is for; without one, all queues. */
export interface JobMiddlewareRegistration {
  readonly middleware: JobMiddleware;
  readonly queue?: string;
}

/** A handler wrapped in the middleware of its queue. */
type Chain = (context: MiddlewareContext, handler: () => Promise<unknown>) => Promise<unknown>;

/** The host's middleware in the order of registration: the first is the outermost. */
export class JobMiddlewareStack {
  private readonly registrations: JobMiddlewareRegistration[];
  private readonly chains = new Map<string, Chain>();

  /** @param entries a bare middleware is for all queues */
  constructor(entries: readonly (JobMiddleware | JobMiddlewareRegistration)[] = []) {
    this.registrations = entries.map((entry) =>
      typeof entry === 'function' ? { middleware: entry } : entry,
    );
  }

  /** Adds a middleware inside the others, for one queue or (without `queue`) for all. Applies from the next job. */
  use(middleware: JobMiddleware, queue?: string): void {
    this.registrations.push({ middleware, queue });
    this.chains.clear();
  }

  /** Runs the handler inside its queue's middleware. */
  run(context: MiddlewareContext, handler: () => Promise<unknown>): Promise<unknown> {
    let chain = this.chains.get(context.queue);
    if (chain === undefined) {
      chain = compose(
        this.registrations
          .filter(({ queue }) => queue === undefined || queue === context.queue)
          .map(({ middleware }) => middleware),
      );
      this.chains.set(context.queue, chain);
    }
    return chain(context, handler);
  }

  /** Calls the handler of a run inside its middleware, and inside its span where it has one. Settles when both have. */
  handled(
    run: MiddlewareContext & HandledRun,
    handler: RegisteredHandler,
    span: RunSpan | undefined,
  ): Promise<unknown> {
    return span === undefined ? this.call(run, handler) : span.within(() => this.call(run, handler));
  }

  private call(run: MiddlewareContext & HandledRun, handler: RegisteredHandler): Promise<unknown> {
    let handled: Promise<unknown> | undefined;
    const outcome = this.run(run, () => (handled = handler.handle(run.payload, run)));
    return outcome === handled ? outcome : afterBoth(outcome, () => handled);
  }
}

/** A middleware may return before its handler does; the run is over only when both have. */
async function afterBoth(
  outcome: Promise<unknown>,
  handled: () => Promise<unknown> | undefined,
): Promise<unknown> {
  try {
    return await outcome;
  } finally {
    await handled()?.catch(() => undefined);
  }
}

function compose(stack: readonly JobMiddleware[]): Chain {
  if (stack.length === 0) return (_context, handler) => handler();
  return (context, handler) => {
    const enter = async (index: number): Promise<unknown> => {
      const middleware = stack[index];
      if (middleware === undefined) return handler();
      let entered = false;
      return middleware(context, () => {
        if (entered) {
          const name = middleware.name || `number ${index + 1}`;
          return Promise.reject(
            new Error(`Job middleware ${name} called next() twice; it may be called once per attempt.`),
          );
        }
        entered = true;
        const inner = enter(index + 1);
        // If a middleware does not await it (a race, say), its rejection must not end the process.
        inner.catch(() => undefined);
        return inner;
      });
    };
    return enter(0);
  };
}
