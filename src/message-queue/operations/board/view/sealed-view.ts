import type { QueueJobJson } from '@bull-board/api/typings/app';
import type { Queue } from 'bull';
import { isRecord } from '../../../../kernel/values/kinds.js';
import { SealedPayload } from '../../../admission/payloads/json-payload.js';
import { JobNotFoundError } from '../../../jobs/errors.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';
import { isSealed, SEALED_FIELD } from '../../../jobs/sealing/payload-seal.js';
import type { SealableQueue } from '../../../jobs/sealing/payload-seal.js';

/** Beside what stands in a sealed text's place: the job that holds it, so that the board can copy what it cannot show. */
const HOLDER_FIELD = 'mq:job';

/** What is shown of a payload or result: of a sealed one what is readable, whose key seals the rest, and its size as it is stored. */
export function withoutSeal({ seal }: SealableQueue, { id, name }: QueueJobJson, value: unknown): unknown {
  if (!isSealed(value)) return value;
  const scope = seal?.scopeKind(name, value) ?? 'queue';
  const note = `[sealed · ${scope} · ${Buffer.byteLength(JSON.stringify(value))} bytes]`;
  return { ...value, [SEALED_FIELD]: note, [HOLDER_FIELD]: String(id) };
}

/** What is shown of a job's progress. */
export function withoutSealedProgress(queue: SealableQueue, job: QueueJobJson): QueueJobJson['progress'] {
  const { progress } = job;
  if (!isRecord(progress) || !isSealed(progress['data'])) return progress;
  return { ...progress, data: withoutSeal(queue, job, progress['data']) };
}

/** What is shown of a job's options: of a failure that has its full text sealed, how large that is. */
export function withoutSealedFailures(options: unknown): unknown {
  const { mq, ...rest } = options as ManagedJobOptions;
  if (mq?.failures === undefined) return options;
  const failures = mq.failures.map(({ sealed, ...failure }) => {
    return sealed === undefined ? failure : { ...failure, sealed: `[sealed · ${sealed.length} bytes]` };
  });
  return { ...rest, mq: { ...mq, failures } };
}

/**
 * What the board adds when somebody copies a job: of one whose payload is sealed, the sealed text as it is stored, unopened.
 * @throws JobNotFoundError when the job that it was copied from is gone
 */
export async function copiedPayload(queue: Queue, data: unknown): Promise<unknown> {
  if (!isSealed(data) || !(HOLDER_FIELD in data)) return data;
  const id = String(data[HOLDER_FIELD]);
  const stored: unknown = (await queue.getJob(id))?.data;
  if (!isSealed(stored)) {
    throw new JobNotFoundError(
      `Job "${id}", whose sealed payload this is a copy of, is gone from queue "${queue.name}": the board cannot copy it any more.`,
      { queue: queue.name, jobId: id },
    );
  }
  // It was measured when it was added first.
  return new SealedPayload(JSON.stringify(stored), 0);
}
