import { isBatched } from '../jobs/queue-definition.js';
import type { IsBatched, JobNameOf, PayloadOf, QueueDefinition } from '../jobs/queue-definition.js';
import type { BatchContext } from './batch-context.js';
import type { JobContext } from './job-context.js';

/** Settings of one handler; they win over the queue's and lose against the job's own. */
export interface JobHandlerOptions {
  /** Time one attempt may take, in milliseconds. Default: the queue's. */
  readonly timeoutMs?: number;
  /** Runs before the job becomes a dead letter. Default: the queue's. Applies to jobs added without `attempts`. */
  readonly attempts?: number;
}

/** What the decorator leaves on the method. */
export interface JobHandlerMetadata {
  readonly jobName: string;
  readonly options: JobHandlerOptions;
  /** The definition's queue; undefined when only the job was named. */
  readonly definedQueue?: string;
  /** Whether the method takes many payloads at once: whether the definition that it names collects its jobs. */
  readonly isBatched: boolean;
}

export const JOB_HANDLER_METADATA = 'nestjs-message-queue:job-handler';

/** Where Nest finds what a handler's parameters are, should enhancers stand around it. */
export const JOB_HANDLER_PARAMETERS = 'nestjs-message-queue:job-handler-parameters';

/** Nest's number for a body: pipes take the payload for one. */
export const PAYLOAD_PARAMETER = 3;

/** Index and source of each parameter, by `type:index`. Nest has no type 0. */
const PARAMETERS = {
  [`${PAYLOAD_PARAMETER}:0`]: { index: 0, data: 0, pipes: [] },
  '0:1': { index: 1, data: 1, pipes: [] },
};

/** What a handler is called with: the payload and the context of its job, or those of a batch. */
export type HandlerParameters<D extends QueueDefinition, N extends JobNameOf<D>> =
  IsBatched<D, N> extends true
    ? [payloads: PayloadOf<D, N>[], batch: BatchContext]
    : [payload: PayloadOf<D, N>, context: JobContext];

/** Fits methods that can be called with these parameters. */
export type TypedMethodDecorator<Parameters extends unknown[]> = <
  Method extends (...parameters: Parameters) => unknown,
>(
  target: object,
  methodName: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Makes a method the handler of one job name of the queue that its class names with `@Processor(queueName)`.
 * The method is called with the validated payload and a `JobContext`; what it returns is stored as the job's result.
 * For a job that the definition collects (`flow.jobs.<name>.batch`) it is called with an array of payloads and a `BatchContext`; what it
 * returns is the result of each of them.
 *
 * With the queue's definition, a job name that it does not have and a method that takes another payload do not compile,
 * and a class that names another queue is refused at start. Without it, for processors that know the queue by name
 * only, the job name is checked at start, and the job may not come in batches.
 */
export function JobHandler<D extends QueueDefinition, N extends JobNameOf<D>>(
  definition: D,
  jobName: N,
  options?: JobHandlerOptions,
): TypedMethodDecorator<HandlerParameters<D, N>>;
export function JobHandler(jobName: string, options?: JobHandlerOptions): MethodDecorator;
export function JobHandler(
  ...given: [QueueDefinition, string, JobHandlerOptions?] | [string, JobHandlerOptions?]
): MethodDecorator {
  const metadata = metadataOf(given);
  return (target, methodName, descriptor) => {
    Reflect.defineMetadata(JOB_HANDLER_METADATA, metadata, descriptor.value as object);
    Reflect.defineMetadata(JOB_HANDLER_PARAMETERS, PARAMETERS, target.constructor, methodName);
  };
}

function metadataOf(
  given: [QueueDefinition, string, JobHandlerOptions?] | [string, JobHandlerOptions?],
): JobHandlerMetadata {
  if (typeof given[0] !== 'object') {
    const [jobName, options = {}] = given as [string, JobHandlerOptions?];
    return { jobName, options, isBatched: false };
  }
  const [definition, jobName, options = {}] = given as [QueueDefinition, string, JobHandlerOptions?];
  return { jobName, options, definedQueue: definition.name, isBatched: isBatched(definition, jobName) };
}
