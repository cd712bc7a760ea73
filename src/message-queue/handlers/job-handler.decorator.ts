import { SetMetadata } from '@nestjs/common';

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
}

export const JOB_HANDLER_METADATA = 'nestjs-message-queue:job-handler';

/**
 * Makes a method the handler of one job name of the queue that its class names with `@Processor(queueName)`.
 * The method is called with the validated payload and a `JobContext`; what it returns is stored as the job's result.
 */
export function JobHandler(jobName: string, options: JobHandlerOptions = {}): MethodDecorator {
  return SetMetadata<string, JobHandlerMetadata>(JOB_HANDLER_METADATA, { jobName, options });
}
