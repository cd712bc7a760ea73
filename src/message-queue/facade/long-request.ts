import type { AddRequest } from '../broker/broker.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import { didYouMean } from '../../kernel/values/did-you-mean.js';
import { plainText } from '../../kernel/values/plain-text.js';
import { UnknownJobNameError } from '../jobs/errors.js';
import { versionOf } from '../jobs/queue-definition.js';
import { runChecks } from '../admission/enqueue-check.js';
import type { EnqueueCheck } from '../admission/enqueue-check.js';
import { withGroups } from '../admission/flow/group-rules.js';
import { ledgerEntry } from '../admission/ledger-entry.js';
import { storedPayload } from '../admission/payloads/stored-payload.js';
import { mapEnqueueOptions } from '../admission/job-options.js';
import type { EnqueueOptions } from '../admission/job-options.js';
import { validatePayload } from '../admission/payload-validator.js';

/**
 * The long road's request for an add, which makes all errors.
 * @throws UnknownJobNameError, InvalidJobOptionsError, InvalidPayloadError, and what the checks and the seal throw
 */
export async function longRequest(
  { definition, broker }: ManagedQueue,
  checks: readonly EnqueueCheck[],
  jobName: string,
  data: unknown,
  enqueueOptions?: EnqueueOptions,
): Promise<AddRequest> {
  const place = { queue: definition.name, job: jobName };
  const type = Object.hasOwn(definition.jobs, jobName) ? definition.jobs[jobName] : undefined;
  if (type === undefined) {
    const names = Object.keys(definition.jobs);
    throw new UnknownJobNameError(
      `Queue "${definition.name}" has no job ${JSON.stringify(jobName)}.${didYouMean(plainText(jobName), names)} It has: ${names.join(', ')}.`,
      place,
    );
  }
  const version = versionOf(definition, jobName);
  const { minRepeatMs, flow } = definition;
  const mapped = mapEnqueueOptions(place, enqueueOptions, broker.now(), { minRepeatMs, version, flow });
  const { idempotency, critical, deadlineMs, dueAt } = mapped;
  const payload = await validatePayload(type, data, place, definition.maxPayloadBytes);
  await runChecks(checks, payload, place);
  const options = withGroups(mapped.options, flow, payload, place);
  // A schedule's is sealed with it: the broker must tell whether it is the one that it knows.
  const written =
    options.repeat === undefined
      ? await storedPayload(definition, payload, definition.maxPayloadBytes, place)
      : payload;
  // The broker admits the job: an id that it makes itself lets it tell a call sent twice from an id used twice.
  const request = { name: jobName, data: written, options, critical, deadlineMs, dueAt };
  if (idempotency === undefined) return request;
  const entry = ledgerEntry(definition, jobName, payload, idempotency.key);
  // Awaited only if it has to be: adds with a key keep their place among the others.
  return {
    ...request,
    idempotency: { ...idempotency, ...(entry instanceof Promise ? await entry : entry) },
  };
}
