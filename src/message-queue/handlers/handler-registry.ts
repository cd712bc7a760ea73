import { ModulesContainer } from '@nestjs/core';
import { HandlerRegistrationError } from '../jobs/errors.js';
import { hasEnhancers } from './declared-enhancers.js';
import { checkHandlers } from './handler-rules.js';
import type { HandlerRequirements } from './handler-rules.js';
import type { HandledRun, JobContext } from './job-context.js';
import type { ErrorVerdict, JobErrorPolicy } from './job-error-policy.js';
import type { JobHandlerOptions } from './job-handler.decorator.js';
import { NestEnhancers } from './nest-enhancers.js';
import { PerJobInstances } from './per-job-instances.js';
import { scanProcessor } from './processor-scan.js';
import type { ProcessorSource, ScannedHandler, ScannedProcessor } from './processor-scan.js';

/** The method that handles one job name of one queue. */
export interface RegisteredHandler {
  readonly queue: string;
  readonly jobName: string;
  /** For logs: `MessageDeliveryProcessor.processSendMessage`. */
  readonly name: string;
  readonly options: JobHandlerOptions;
  /** Calls the method, with its enhancers if it has any; a synchronous throw becomes a rejection. */
  handle(payload: object, run: HandledRun): Promise<unknown>;
  /** The processor's say about an error; undefined: the usual rules. */
  judge(error: Error, context: JobContext): ErrorVerdict | undefined;
}

/** Which method handles which job. Filled once at start, read by the executor. */
export class HandlerRegistry {
  private readonly handlers = new Map<string, Map<string, RegisteredHandler>>();

  /**
   * Checks all classes and takes their handlers; what was loaded before is replaced.
   * @param sources with instances
   * @param enhancers run guards and the like where processors declare them; default: without Nest's modules
   * @throws HandlerRegistrationError listing every mistake with the classes, methods and modules concerned
   */
  load(
    sources: readonly ProcessorSource[],
    requirements: HandlerRequirements,
    enhancers = new NestEnhancers(new ModulesContainer()),
  ): void {
    checkHandlers(sources, requirements);
    this.handlers.clear();
    const managed = new Set(requirements.definitions.map(({ name }) => name));
    for (const source of sources) {
      const processor = scanProcessor(source);
      if (processor?.queueName === undefined || !managed.has(processor.queueName)) continue;
      for (const handler of processor.handlers) {
        this.add(bind(processor.queueName, processor, handler, enhancers));
      }
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

type Method = (this: object, payload: object, run: HandledRun) => unknown;

function bind(
  queue: string,
  processor: ScannedProcessor,
  { methodName, jobName, options }: ScannedHandler,
  enhancers: NestEnhancers,
): RegisteredHandler {
  const { source, hasErrorPolicy } = processor;
  const { instance } = source;
  const handler = { queue, jobName, name: `${source.type.name}.${methodName}`, options };
  if (instance === null) {
    throw new HandlerRegistrationError(
      `${handler.name} cannot be called yet: Nest has not created ${source.type.name}.`,
      { queue, job: jobName },
    );
  }
  const judge = (judging: object, error: Error, context: JobContext): ErrorVerdict | undefined =>
    hasErrorPolicy ? (judging as JobErrorPolicy).onError(error, context) : undefined;
  const enhancersHere = hasEnhancers(source.type, methodName) ? enhancers : undefined;
  if (source.scoped) {
    const perJob = new PerJobInstances(source, methodName, enhancersHere);
    return {
      ...handler,
      handle: (payload, run) => perJob.handle(payload, run),
      judge: (error, context) => judge(perJob.instanceOf(context) ?? instance, error, context),
    };
  }
  return {
    ...handler,
    handle:
      enhancersHere?.enhance({ ...source, instance, methodName }) ??
      // The method is looked up for each call, so that spies and decorators put on later are honoured.
      ((payload, run) =>
        promised(() => (instance as Record<string, Method>)[methodName]?.call(instance, payload, run))),
    judge: (error, context) => judge(instance, error, context),
  };
}

/** What a call returns, as a promise: the very one that it returns, if it does, as most handlers do. */
function promised(call: () => unknown): Promise<unknown> {
  try {
    return Promise.resolve(call());
  } catch (thrown) {
    const error = thrown as Error;
    return Promise.reject(error);
  }
}
