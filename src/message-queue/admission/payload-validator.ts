import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import type { ValidationError } from 'class-validator';
import type { Issue } from '../../kernel/errors.js';
import { shownName } from '../../kernel/values/identifier.js';
import { answeredWithin } from '../../kernel/time/answered-within.js';
import { InvalidPayloadError, JobTimeoutError } from '../jobs/errors.js';
import { acceptPayload } from './compiled/accept-payload.js';
import { assertJsonSafe } from './payloads/json-payload.js';
import type { PayloadPlace } from './payloads/json-payload.js';

/** How long what a host checks of a payload may take, milliseconds: a promise in it, a rule or a check may never settle. */
export const LONGEST_CHECK_MS = 10_000;
const MAX_ISSUES = 50;
const MAX_MESSAGE_LENGTH = 300;
const UNSETTLED = `a rule, or a promise in it, did not settle within ${LONGEST_CHECK_MS / 1_000} s`;

/**
 * Turns data into a validated instance of its DTO class. Properties that the class does not declare are refused, in nested
 * objects too (where the class has `@Type` and `@ValidateNested`).
 * @param maxBytes refuses what is certainly larger before any rule runs; at enqueue the queue's `maxPayloadBytes`
 * @throws InvalidPayloadError with one issue per field (at most 50); never contains a value
 */
export async function validatePayload<Payload extends object>(
  type: Type<Payload>,
  data: unknown,
  place: PayloadPlace,
  maxBytes: number = Number.POSITIVE_INFINITY,
): Promise<Payload> {
  return acceptPayload(type, data, maxBytes) ?? judgePayload(type, data, place, maxBytes);
}

/**
 * As {@link validatePayload}, by the libraries alone: for a payload that {@link acceptPayload} did not accept.
 * @throws InvalidPayloadError with one issue per field (at most 50); never contains a value
 */
export async function judgePayload<Payload extends object>(
  type: Type<Payload>,
  data: unknown,
  place: PayloadPlace,
  maxBytes: number = Number.POSITIVE_INFINITY,
): Promise<Payload> {
  assertJsonSafe(data, maxBytes, place);
  const issue = { path: 'payload', message: `could not be checked: ${UNSETTLED}` };
  return judge(type, data, place, { isNew: true, tooLate: () => invalid(type, [issue], place) });
}

/**
 * As {@link judgePayload}, before processing: stored jobs outlive deploys, so what was valid once is checked again.
 * Properties that the class does not declare are left out: a newer version of the app added them.
 * @throws InvalidPayloadError with one issue per field (at most 50); never contains a value
 * @throws JobTimeoutError, a failed attempt like any other, when a rule does not answer within 10 s
 */
export async function judgeStoredPayload<Payload extends object>(
  type: Type<Payload>,
  data: unknown,
  place: PayloadPlace,
): Promise<Payload> {
  assertJsonSafe(data, Number.POSITIVE_INFINITY, place);
  const message = `The payload of job "${place.job}" ${place.jobId} of queue "${place.queue}" could not be checked: ${UNSETTLED}.`;
  return judge(type, data, place, { isNew: false, tooLate: () => new JobTimeoutError(message, place) });
}

async function judge<Payload extends object>(
  type: Type<Payload>,
  data: object,
  place: PayloadPlace,
  { isNew, tooLate }: { readonly isNew: boolean; readonly tooLate: () => Error },
): Promise<Payload> {
  const payload = transform(type, data, place);
  const judged = validate(payload, {
    whitelist: true,
    forbidNonWhitelisted: isNew,
    forbidUnknownValues: true,
    validationError: { target: false },
  });
  const errors = await answeredWithin(judged, LONGEST_CHECK_MS, tooLate);
  if (errors.length === 0) return payload;
  throw invalid(type, issuesOf(errors), place);
}

function transform<Payload extends object>(type: Type<Payload>, data: object, place: PayloadPlace): Payload {
  try {
    return plainToInstance(type, data);
  } catch (error) {
    const issue = { path: 'payload', message: `could not be turned into a ${type.name}` };
    throw invalid(type, [issue], { ...place, cause: error });
  }
}

function issuesOf(errors: readonly ValidationError[]): Issue[] {
  const issues: Issue[] = [];
  for (const error of errors) collect(error, '', issues);
  if (issues.length <= MAX_ISSUES) return issues;
  const left = issues.length - MAX_ISSUES;
  return [...issues.slice(0, MAX_ISSUES), { path: 'payload', message: `has ${left} more problems` }];
}

function collect(error: ValidationError, parent: string, issues: Issue[]): void {
  // class-validator reports a class without any rules as an error without a property.
  const name = (error.property as string | undefined) ?? 'payload';
  // What a sender calls a property may be content.
  const property = shownName(name);
  const path = parent === '' ? property : `${parent}.${property}`;
  const messages = Object.values(error.constraints ?? {});
  if (messages.length > 0)
    issues.push({
      path,
      message: messages.map((m) => wording(m.replaceAll(name, property), error.value)).join('; '),
    });
  for (const child of error.children ?? []) collect(child, path, issues);
}

/** A rule's own text may quote the value (`$value`), and a value may be message content. */
function wording(message: string, value: unknown): string {
  const text =
    typeof value === 'string' && value.length >= 3 ? message.replaceAll(value, '[value]') : message;
  return text.length > MAX_MESSAGE_LENGTH ? `${text.slice(0, MAX_MESSAGE_LENGTH)}…` : text;
}

function invalid(
  type: Type<object>,
  issues: readonly Issue[],
  place: PayloadPlace & { cause?: unknown },
): InvalidPayloadError {
  const which = place.jobId === undefined ? `job "${place.job}"` : `job "${place.job}" ${place.jobId}`;
  return new InvalidPayloadError(
    `The payload of ${which} for queue "${place.queue}" is not a valid ${type.name}:`,
    issues,
    place,
  );
}
