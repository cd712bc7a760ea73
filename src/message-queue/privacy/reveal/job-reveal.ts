import type { Job } from 'bull';
import { Issues } from '../../../kernel/values/issues.js';
import { isRecord } from '../../../kernel/values/kinds.js';
import { JobNotFoundError } from '../../jobs/errors.js';
import { failuresOf } from '../../jobs/managed-job.js';
import type { FailureRecord } from '../../jobs/managed-job.js';
import { isSealed, SEALED_FIELD } from '../../jobs/sealing/payload-seal.js';
import type { PayloadSeal, SealedJob, SealedSlot } from '../../jobs/sealing/payload-seal.js';
import { ScopeShreddedError } from '../../jobs/sealing/sealing-errors.js';
import type { QueueAudit } from '../audit/queue-audit.js';
import { InvalidAuditEntryError } from '../audit/audit-errors.js';

/** Who wants to see a job, and why. */
export interface RevealCall {
  /** Id of the principal, or the name of a part of the app, for the audit. Default `app`. */
  readonly by?: string;
  /** A code of 1 to 64 small letters, digits and hyphens, not prose. */
  readonly reason: string;
}

/** A job, opened. */
export interface RevealedJob {
  readonly queue: string;
  /** Job name. */
  readonly job: string;
  readonly id: string;
  readonly payload: unknown;
  /** What its handler returned; null when nothing. */
  readonly result: unknown;
  /** What its handler reported last; null when nothing. */
  readonly progress: unknown;
  /** Oldest first. */
  readonly failures: readonly RevealedFailure[];
}

/** A failure with all that the error said. */
export interface RevealedFailure extends Omit<FailureRecord, 'sealed'> {
  /** Messages of the error and its causes, cut to 1 480 bytes; null where none is kept: of all failures but the newest, and where nothing was left out. */
  readonly fullText: string | null;
}

/** A stored job, and what opens it: undefined where its queue seals nothing. */
export interface StoredJob {
  readonly job: Job;
  readonly seal: PayloadSeal | undefined;
}

/** @returns null when there is no job (any more) @throws UnknownQueueError, InvalidJobOptionsError, BrokerUnavailableError */
export type FindJob = (queue: string, id: string) => Promise<StoredJob | null>;

/** Opens single jobs for people who may see them, and writes down who did. */
export class JobReveal {
  constructor(
    private readonly audit: QueueAudit,
    private readonly find: FindJob,
  ) {}

  /** @throws what `Privacy.revealJob` throws */
  async reveal(queue: string, id: string, call: RevealCall): Promise<RevealedJob> {
    const { by, reason } = checkedCall(call);
    const deed = { action: 'reveal', queues: [queue], jobId: id, by, reason } as const;
    return this.audit.audited(deed, () => this.open(queue, id));
  }

  private async open(queue: string, id: string): Promise<RevealedJob> {
    const found = await this.find(queue, id);
    if (found === null) {
      throw new JobNotFoundError(`Queue "${queue}" has no job "${id}" (any more).`, { queue, jobId: id });
    }
    const { job, seal } = found;
    const place = { job: job.name, jobId: id };
    const slot = async (name: SealedSlot, text: unknown): Promise<unknown> => {
      const opened = await seal?.openSlot(place, name, text);
      return opened === 'shredded' ? shredded(queue, place) : opened?.value;
    };
    const value = (name: SealedSlot, stored: unknown): unknown =>
      isSealed(stored) ? slot(name, stored[SEALED_FIELD]) : stored;
    const payload = await payloadOf(found, queue, place);
    const result = (await value('result', job.returnvalue)) ?? null;
    const told = job.progress() as unknown;
    const hasDetails = isRecord(told) && 'data' in told;
    const progress = hasDetails ? { ...told, data: await value('progress', told['data']) } : told || null;
    const failures: RevealedFailure[] = [];
    for (const { sealed, ...failure } of failuresOf(job)) {
      const fullText = sealed === undefined ? null : ((await slot('failure', sealed)) as string);
      failures.push({ ...failure, fullText });
    }
    return { queue, job: job.name, id, payload, result, progress, failures };
  }
}

async function payloadOf({ job, seal }: StoredJob, queue: string, place: SealedJob): Promise<unknown> {
  const data = job.data as unknown;
  // One in plain text is not counted as such: it does not run.
  if (seal === undefined || !isSealed(data)) return data;
  const opened = await seal.open(place, data);
  return opened === 'shredded' ? shredded(queue, place) : opened.data;
}

function shredded(queue: string, { job, jobId }: SealedJob): never {
  throw new ScopeShreddedError(
    `Job "${job}" ${jobId} of queue "${queue}" cannot be revealed: the key of its payload was destroyed.`,
    { queue, job, jobId },
  );
}

function checkedCall(call: RevealCall): RevealCall {
  const issues = new Issues();
  issues.unless(
    isRecord(call) && typeof call.reason === 'string',
    'reason',
    'is required: a code of 1 to 64 small letters, digits and hyphens',
  );
  issues.throwIfAny(InvalidAuditEntryError, 'Nobody sees the job, because it is not said why:');
  return call;
}
