import type { Type } from '@nestjs/common';
import { didYouMean } from '../../kernel/values/did-you-mean.js';
import { noteRejection } from '../../kernel/host/guarded-call.js';
import { kindOf } from '../../kernel/values/words.js';
import { acceptPayload } from '../admission/compiled/accept-payload.js';
import { judgeStoredPayload } from '../admission/payload-validator.js';
import type { HandlerRegistry, RegisteredHandler } from '../handlers/handler-registry.js';
import {
  CrashLoopError,
  HandlerRegistrationError,
  InvalidPayloadError,
  NewerPayloadError,
  UnknownJobNameError,
  UnrecoverableJobError,
  UpcastError,
} from '../jobs/errors.js';
import { toError } from '../jobs/failure-record.js';
import type { OpenedPayload } from '../jobs/sealing/payload-seal.js';
import { FIRST_VERSION, versionOf } from '../jobs/queue-definition.js';
import type { Run } from './run.js';

/** What the steps of a run depend on. */
export interface StepParts {
  readonly handlers: HandlerRegistry;
  readonly maxCrashes: number;
}

/** What is done with a payload that is valid. */
export type UsePayload = (run: Run, payload: object) => Promise<unknown> | object | undefined;

/**
 * All steps up to the handler; when told to stop, stops between steps. Throws whatever goes wrong, at once or later. A usual job gets
 * here what `use` returned, without a promise in between: each is paid for by every job.
 * @returns what `use` returns; undefined when there is nothing to run (any more)
 */
export function withPayload(run: Run, parts: StepParts, use: UsePayload): ReturnType<UsePayload> {
  if (run.ending() !== undefined) return undefined;
  refuseCrashLoop(run, parts.maxCrashes);
  const type = payloadTypeOf(run);
  run.handler = handlerOf(run, parts.handlers);
  const opening = openedPayload(run);
  const asking = refusedErased(run);
  if (asking !== undefined) {
    return Promise.all([opening, asking]).then(([opened]) => validate(run, type, opened, use));
  }
  if (!(opening instanceof Promise)) return validate(run, type, opening, use);
  return opening.then((opened) => validate(run, type, opened, use));
}

function validate(
  run: Run,
  type: Type<object>,
  opened: OpenedPayload | 'shredded',
  use: UsePayload,
): ReturnType<UsePayload> {
  if (run.ending() !== undefined) return undefined;
  if (opened === 'shredded') {
    run.isShredded = true;
    return undefined;
  }
  run.opened = opened;
  const data = currentData(run);
  const payload = acceptedPayload(data, type);
  if (payload !== undefined) return use(run, payload);
  return judgedPayload(run, data, type).then((judged) => use(run, judged));
}

/** How many of the newest crashes a crash-loop error names. */
const CRASHES_NAMED = 20;

/**
 * Stops a job that has killed its worker again and again.
 * @throws CrashLoopError naming when each crash was noticed
 */
function refuseCrashLoop({ taken, queue, jobName, jobId }: Run, maxCrashes: number): void {
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

/**
 * The payload class of the job.
 * @throws UnknownJobNameError when the queue defines no such job, UnrecoverableJobError when the job's name is lost
 */
function payloadTypeOf({ queue, jobName, jobId, definition }: Run): Type<object> {
  const { jobs } = definition;
  const place = { queue, job: jobName, jobId };
  if (typeof (jobName as unknown) !== 'string') {
    throw new UnrecoverableJobError(
      `Job ${jobId} of queue "${queue}" is stored without a name: part of it was lost. Is Redis evicting keys?`,
      place,
    );
  }
  const type = Object.hasOwn(jobs, jobName) ? jobs[jobName] : undefined;
  if (type !== undefined) return type;
  const names = Object.keys(jobs);
  throw new UnknownJobNameError(
    `Queue "${queue}" has no job "${jobName.slice(0, 100)}" (it has ${names.join(', ')}).` +
      `${didYouMean(jobName, names)} It needs a worker with a version of the app that knows it.`,
    place,
  );
}

/** @throws HandlerRegistrationError when nothing here handles the job */
function handlerOf({ queue, jobName, jobId }: Run, handlers: HandlerRegistry): RegisteredHandler {
  const handler = handlers.handlerOf(queue, jobName);
  if (handler !== undefined) return handler;
  throw new HandlerRegistrationError(
    `Job ${jobId} of queue "${queue}" is a "${jobName}", which has no handler in this process. Put @JobHandler('${jobName}') on a method ` +
      `of a class with @Processor('${queue}') that is among the app's providers, or run this process with role: 'producer'; ` +
      'then replay the job if it became a dead letter.',
    { queue, job: jobName, jobId },
  );
}

/**
 * Opens the payload where it is sealed: at once if its key is at hand.
 * @returns `shredded` when its key was destroyed
 * @throws SealBrokenError, UnsealedJobError, KeyUnavailableError; at once or as a rejection
 */
function openedPayload({
  taken,
  definition,
  jobName,
  jobId,
}: Run): OpenedPayload | 'shredded' | Promise<OpenedPayload | 'shredded'> {
  const data = taken.job.data as unknown;
  return definition.seal === undefined ? { data } : definition.seal.open({ job: jobName, jobId }, data);
}

/**
 * Asks whether what the job is about was erased; undefined where nobody need be asked.
 * @throws ErasedError, KeyUnavailableError; as a rejection
 */
function refusedErased({ taken, definition, jobName, jobId }: Run): Promise<void> | undefined {
  return definition.seal?.refuseErased({ job: jobName, jobId }, taken.job.data as unknown);
}

/**
 * The stored payload, brought up to the version of the queue's definition.
 * @throws NewerPayloadError when it is of a newer one, UpcastError, InvalidPayloadError when its version is none
 */
function currentData(run: Run): unknown {
  const { data, definition, record } = run;
  if (record.version === undefined && definition.versions === undefined) return data;
  const { queue, jobName, jobId } = run;
  const place = { queue, job: jobName, jobId };
  const version = record.version ?? FIRST_VERSION;
  if (!Number.isSafeInteger(version) || version < FIRST_VERSION) {
    const issues = [{ path: 'opts.mq.version', message: 'must be a whole number from 1' }];
    throw new InvalidPayloadError(
      `The payload of job "${jobName}" ${jobId} of queue "${queue}" cannot be read:`,
      issues,
      place,
    );
  }
  const known = versionOf(definition, jobName);
  if (version > known) {
    throw new NewerPayloadError(
      `The payload of job "${jobName}" ${jobId} of queue "${queue}" has version ${version}, and this version of the app knows it up ` +
        `to ${known}. It needs a worker with a version of the app that knows it.`,
      place,
    );
  }
  return version === known ? data : upcastData(run, version, known);
}

function upcastData(
  { data, definition, queue, jobName, jobId }: Run,
  version: number,
  known: number,
): unknown {
  const upcast = definition.versions?.[jobName]?.upcast;
  if (upcast === undefined) return data;
  const what = `upcast of job "${jobName}" of queue "${queue}" could not bring the payload of job ${jobId} from version ${version} to ${known}: `;
  const place = { queue, job: jobName, jobId };
  let made: unknown;
  try {
    made = upcast(version, data as Readonly<Record<string, unknown>>);
  } catch (thrown) {
    const cause = toError(thrown);
    throw new UpcastError(`${what}${cause.name}: ${cause.message}`, { ...place, cause });
  }
  // One that is async may reject, and nobody waits for it.
  noteRejection(made, () => undefined);
  if (typeof made === 'object' && made !== null && !(made instanceof Promise)) return made;
  const got = made instanceof Promise ? 'a promise; it must not be async' : kindOf(made);
  throw new UpcastError(`${what}it must return the payload as an object, and returned ${got}.`, place);
}

/** Stored jobs outlive deploys, so what was valid once is checked again: at once, if it is usual. */
function acceptedPayload(data: unknown, type: Type<object>): object | undefined {
  return acceptPayload(type, data, Number.POSITIVE_INFINITY);
}

/** The payload of a job that is not usual. @throws InvalidPayloadError */
function judgedPayload(run: Run, data: unknown, type: Type<object>): Promise<object> {
  const { queue, jobName, jobId } = run;
  return judgeStoredPayload(type, data, { queue, job: jobName, jobId });
}
