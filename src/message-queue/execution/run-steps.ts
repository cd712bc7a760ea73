import type { Type } from '@nestjs/common';
import { didYouMean } from '../../kernel/values/did-you-mean.js';
import { acceptPayload } from '../admission/compiled/accept-payload.js';
import { judgePayload } from '../admission/payload-validator.js';
import type { HandlerRegistry, RegisteredHandler } from '../handlers/handler-registry.js';
import { CrashLoopError, HandlerRegistrationError, UnknownJobNameError } from '../jobs/errors.js';
import type { Run } from './run.js';

/** How many of the newest crashes a crash-loop error names. */
const CRASHES_NAMED = 20;

/**
 * Stops a job that has killed its worker again and again.
 * @throws CrashLoopError naming when each crash was noticed
 */
export function refuseCrashLoop({ taken, queue, jobName, jobId }: Run, maxCrashes: number): void {
  const { crashes } = taken;
  if (crashes.length < maxCrashes) return;
  const times = crashes
    .slice(-CRASHES_NAMED)
    .map(({ at }) => new Date(at).toISOString())
    .join(', ');
  throw new CrashLoopError(
    `Job "${jobName}" ${jobId} of queue "${queue}" ended the process that ran it ${crashes.length} times ` +
      `(noticed at ${times}); fewer than ${maxCrashes} are allowed. Look for what its handler does to the process ` +
      '(memory, native code, process.exit) before you replay it.',
    { queue, job: jobName, jobId },
  );
}

/** The payload class of the job. @throws UnknownJobNameError when the queue defines no such job */
export function payloadTypeOf({ queue, jobName, jobId, definition }: Run): Type<object> {
  const { jobs } = definition;
  const place = { queue, job: jobName, jobId };
  if (typeof (jobName as unknown) !== 'string') {
    throw new UnknownJobNameError(
      `Job ${jobId} of queue "${queue}" is stored without a name: part of it was lost. Is Redis evicting keys?`,
      place,
    );
  }
  const type = Object.hasOwn(jobs, jobName) ? jobs[jobName] : undefined;
  if (type !== undefined) return type;
  const names = Object.keys(jobs);
  throw new UnknownJobNameError(
    `Queue "${queue}" has no job "${jobName.slice(0, 100)}" (it has ${names.join(', ')}).` +
      `${didYouMean(jobName, names)} Replay it with a version of the app that knows it.`,
    place,
  );
}

/** @throws HandlerRegistrationError when nothing here handles the job */
export function handlerOf({ queue, jobName, jobId }: Run, handlers: HandlerRegistry): RegisteredHandler {
  const handler = handlers.handlerOf(queue, jobName);
  if (handler !== undefined) return handler;
  throw new HandlerRegistrationError(
    `Job ${jobId} of queue "${queue}" is a "${jobName}", which has no handler in this process. Put @JobHandler('${jobName}') on a method ` +
      `of a class with @Processor('${queue}') that is among the app's providers, or run this process with role: 'producer'; ` +
      'then replay the job if it became a dead letter.',
    { queue, job: jobName, jobId },
  );
}

/** Stored jobs outlive deploys, so what was valid once is checked again: at once, if it is usual. */
export function acceptedPayload({ taken }: Run, type: Type<object>): object | undefined {
  return acceptPayload(type, taken.job.data as unknown, Number.POSITIVE_INFINITY);
}

/** The payload of a job that is not usual. @throws InvalidPayloadError */
export function judgedPayload(run: Run, type: Type<object>): Promise<object> {
  const { queue, jobName, jobId, taken } = run;
  return judgePayload(type, taken.job.data as unknown, { queue, job: jobName, jobId });
}
