import { MAX_RECIPIENTS_PER_JOB } from '../../queues/batch/batch-message-job.dto.js';
import type { BatchMessageJobDto } from '../../queues/batch/batch-message-job.dto.js';

/** Room for what the segments' payloads have beside the caller's: the batch's id, the segment's number. */
const RESERVED_BYTES = 1_024;

/**
 * Cuts a batch into payloads that one job may carry, by recipients and by bytes, in their order and each once. One
 * payload: the batch fits as it is.
 * @param maxBytes largest payload of a job as JSON
 */
export function* batchSegments(
  payload: BatchMessageJobDto,
  batchId: string,
  maxBytes: number,
): Generator<BatchMessageJobDto> {
  const { recipientIds, recipientVariables: variables, ...shared } = payload;
  const roomBytes = maxBytes - jsonBytes(shared) - RESERVED_BYTES;
  let segment = 0;
  let members: string[] = [];
  let usedBytes = 0;
  const cut = (): BatchMessageJobDto => {
    const part = { ...shared, ...pick(variables, members), recipientIds: members, batchId, segment };
    segment += 1;
    members = [];
    usedBytes = 0;
    return part;
  };
  // Repeats in another segment could not be told from a chunk that ran twice, and would count as queued.
  for (const recipientId of new Set(recipientIds)) {
    const bytes = recipientBytes(recipientId, variables);
    if (members.length > 0 && (members.length >= MAX_RECIPIENTS_PER_JOB || usedBytes + bytes > roomBytes))
      yield cut();
    members.push(recipientId);
    usedBytes += bytes;
  }
  yield cut();
}

/** Whether one job can carry the batch. */
export function fitsOneJob(payload: BatchMessageJobDto, maxBytes: number): boolean {
  const { recipientIds } = payload;
  // Whatever is wrong with it, the validation of the one job says so.
  if (!isList(recipientIds) || payload.segment !== undefined) return true;
  return recipientIds.length <= MAX_RECIPIENTS_PER_JOB && jsonBytes(payload) <= maxBytes - RESERVED_BYTES;
}

type Variables = BatchMessageJobDto['recipientVariables'];

function recipientBytes(recipientId: string, variables: Variables): number {
  const own =
    isRecord(variables) && Object.hasOwn(variables, recipientId) ? variables[recipientId] : undefined;
  const idBytes = jsonBytes(recipientId) + 1;
  return own === undefined ? idBytes : 2 * idBytes + jsonBytes(own) + 1;
}

function pick(
  variables: Variables,
  members: readonly string[],
): Pick<BatchMessageJobDto, 'recipientVariables'> {
  if (variables === undefined) return {};
  // Anything but a record stays as it is, for the validation to refuse.
  if (!isRecord(variables)) return { recipientVariables: variables };
  const own = members.flatMap((id) => {
    const values = Object.hasOwn(variables, id) ? variables[id] : undefined;
    return values === undefined ? [] : [[id, values] as const];
  });
  return own.length === 0 ? {} : { recipientVariables: Object.fromEntries(own) };
}

function isList(value: unknown): value is string[] {
  return Array.isArray(value);
}

function isRecord(value: unknown): value is NonNullable<Variables> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Bytes of a value as JSON; 0 for what JSON cannot say, which the validation refuses by itself. */
function jsonBytes(value: unknown): number {
  try {
    const json: unknown = JSON.stringify(value);
    return typeof json === 'string' ? Buffer.byteLength(json) : 0;
  } catch {
    return 0;
  }
}
