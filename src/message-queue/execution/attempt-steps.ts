import type { Attempt } from './attempt.js';
import { didYouMean } from '../../kernel/values/did-you-mean.js';
import { CrashLoopError, HandlerRegistrationError, UnknownJobNameError } from '../jobs/errors.js';
import type { HandlerRegistry, RegisteredHandler } from '../handlers/handler-registry.js';
import { validatePayload } from '../admission/payload-validator.js';

/**
 * A job that killed its worker again and again must not kill the next one.
 * @throws CrashLoopError naming when each crash was noticed
 */
export function refuseCrashLoop({ delivery, queue, jobName, jobId }: Attempt, maxCrashes: number): void {
  const { crashes } = delivery;
  if (crashes.length < maxCrashes) return;
  const times = crashes
    .slice(-20)
    .map(({ at }) => new Date(at).toISOString())
    .join(', ');
  throw new CrashLoopError(
    `Job "${jobName}" ${jobId} of queue "${queue}" ended the process that ran it ${crashes.length} times ` +
      `(noticed at ${times}), allowed are fewer than ${maxCrashes}. Look for what its handler does to the process ` +
      '(memory, native code, process.exit) before you replay it.',
    { queue, job: jobName, jobId },
  );
}

/**
 * @throws UnknownJobNameError when the queue defines no such job: it becomes a dead letter, it never succeeds
 * @throws HandlerRegistrationError when it is defined but nothing here handles it
 */
export function findHandler(attempt: Attempt, handlers: HandlerRegistry): RegisteredHandler {
  const { queue, jobName, jobId, definition } = attempt;
  const place = { queue, job: jobName, jobId };
  const names = Object.keys(definition.jobs);
  if (typeof (jobName as unknown) !== 'string') {
    throw new UnknownJobNameError(
      `Job ${jobId} of queue "${queue}" is stored without a name: part of it is gone. Is Redis evicting keys?`,
      place,
    );
  }
  if (!names.includes(jobName)) {
    throw new UnknownJobNameError(
      `Queue "${queue}" has no job "${jobName.slice(0, 100)}" (it has ${names.join(', ')}).` +
        `${didYouMean(jobName, names)} Replay it with a version of the app that knows it.`,
      place,
    );
  }
  const handler = handlers.handlerOf(queue, jobName);
  if (handler !== undefined) return handler;
  throw new HandlerRegistrationError(
    `Job ${jobId} of queue "${queue}" is a "${jobName}", which has no handler in this process. Put @JobHandler('${jobName}') on a method ` +
      `of a class with @Processor('${queue}') that is among the app's providers, or run this process with role: 'producer'; ` +
      'then replay the job if it became a dead letter.',
    place,
  );
}

/** Stored jobs outlive deploys, so what was valid once is checked again. @throws InvalidPayloadError */
export async function validatedPayload({
  delivery,
  definition,
  queue,
  jobName,
  jobId,
}: Attempt): Promise<object> {
  const type = definition.jobs[jobName];
  if (type === undefined)
    throw new UnknownJobNameError(`Queue "${queue}" has no job "${jobName}".`, { queue });
  return validatePayload(type, delivery.job.data as unknown, { queue, job: jobName, jobId });
}
