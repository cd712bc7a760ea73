import { HandlerRegistrationError } from '../jobs/errors.js';
import { checkHandlers } from './handler-rules.js';
import type { HandlerRequirements } from './handler-rules.js';
import type { JobContext } from './job-context.js';
import type { ErrorVerdict, JobErrorPolicy } from './job-error-policy.js';
import type { JobHandlerOptions } from './job-handler.decorator.js';
import { scanProcessor } from './processor-scan.js';
import type { ProcessorSource, ScannedHandler, ScannedProcessor } from './processor-scan.js';

/** The method that handles one job name of one queue. */
export interface RegisteredHandler {
  readonly queue: string;
  readonly jobName: string;
  /** For logs: `MessageDeliveryProcessor.processSendMessage`. */
  readonly name: string;
  readonly options: JobHandlerOptions;
  /** Calls the method on its instance; a synchronous throw becomes a rejection. */
  handle(payload: object, context: JobContext): Promise<unknown>;
  /** The processor's say about an error; undefined: the usual rules. */
  judge(error: Error, context: JobContext): ErrorVerdict | undefined;
}

/** Which method handles which job. Filled once at start, read by the executor. */
export class HandlerRegistry {
  private readonly handlers = new Map<string, Map<string, RegisteredHandler>>();

  /**
   * Checks all classes and takes their handlers; what was loaded before is replaced.
   * @param sources with instances
   * @throws HandlerRegistrationError listing every mistake with the classes, methods and modules concerned
   */
  load(sources: readonly ProcessorSource[], requirements: HandlerRequirements): void {
    checkHandlers(sources, requirements);
    this.handlers.clear();
    const managed = new Set(requirements.definitions.map(({ name }) => name));
    for (const source of sources) {
      const processor = scanProcessor(source);
      if (processor?.queueName === undefined || !managed.has(processor.queueName)) continue;
      for (const handler of processor.handlers) this.add(bind(processor.queueName, processor, handler));
    }
  }

  /** The handler of a job name, or undefined when there is none. */
  handlerOf(queue: string, jobName: string): RegisteredHandler | undefined {
    return this.handlers.get(queue)?.get(jobName);
  }

  /** Every handler, for listings. */
  all(): RegisteredHandler[] {
    return [...this.handlers.values()].flatMap((ofQueue) => [...ofQueue.values()]);
  }

  private add(handler: RegisteredHandler): void {
    const ofQueue = this.handlers.get(handler.queue) ?? new Map<string, RegisteredHandler>();
    this.handlers.set(handler.queue, ofQueue.set(handler.jobName, handler));
  }
}

type Method = (this: object, payload: object, context: JobContext) => unknown;

function bind(queue: string, processor: ScannedProcessor, handler: ScannedHandler): RegisteredHandler {
  const { source, hasErrorPolicy } = processor;
  const name = `${source.type.name}.${handler.methodName}`;
  const { instance } = source;
  if (instance === null) {
    throw new HandlerRegistrationError(
      `${name} cannot be called yet: Nest has not created ${source.type.name}.`,
      {
        queue,
        job: handler.jobName,
      },
    );
  }
  return {
    queue,
    jobName: handler.jobName,
    name,
    options: handler.options,
    // The method is looked up for each call, so that spies and decorators put on later are honoured.
    handle: async (payload, context) =>
      (instance as Record<string, Method>)[handler.methodName]?.call(instance, payload, context),
    judge: (error, context) =>
      hasErrorPolicy ? (instance as unknown as JobErrorPolicy).onError(error, context) : undefined,
  };
}
