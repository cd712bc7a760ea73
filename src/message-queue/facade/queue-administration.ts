import { Injectable } from '@nestjs/common';
import type { JobStatusClean, Queue } from 'bull';
import type { CancelOutcome } from '../broker/broker.js';
import { ManagedQueues } from '../broker/managed-queues.js';
import { Issues } from '../../kernel/values/issues.js';
import { numberFrom, oneOf, record, wholeNumber } from '../../kernel/values/kinds.js';
import type { PrivacyCall } from '../privacy/audit/privacy-call.js';
import { QueueAudit } from '../privacy/audit/queue-audit.js';
import { InvalidJobOptionsError } from '../jobs/errors.js';
import { answerOf } from './broker-answer.js';
import { checkedId, checkedReason } from './call-arguments.js';

/** What {@link QueueAdministration.clean} removes. */
export interface CleanOptions {
  /** Which finished jobs. Default `completed`; `failed` are the dead letters. */
  readonly state?: 'completed' | 'failed';
  /** Only jobs that finished at least this long ago, milliseconds. Default 0: all that finished before this millisecond. */
  readonly olderThanMs?: number;
  /** At most so many. Default: all. */
  readonly limit?: number;
}

/** Jobs removed by one command: more would block Redis for others. */
const STEP = 1_000;

/**
 * Cancelling jobs; pausing, resuming and emptying queues: each is written to the audit. What cannot be taken back is not done where it cannot be
 * written down (`AuditUnavailableError`, `InvalidAuditEntryError`); pausing and resuming are done in any case.
 */
@Injectable()
export class QueueAdministration {
  constructor(
    private readonly queues: ManagedQueues,
    private readonly audit: QueueAudit,
  ) {}

  /**
   * Cancels a job wherever it is. The end of one that waited is told here (`onJobEnd`, event `cancelled`); of one that runs,
   * by the worker that runs it.
   * @throws UnknownQueueError; BrokerUnavailableError when the broker does not answer within 2 s
   */
  async cancel(name: string, jobId: string, reason: string, call: PrivacyCall = {}): Promise<CancelOutcome> {
    const managed = this.queues.get(name);
    const id = checkedId(jobId, 'jobId', name);
    const { queue, broker } = managed;
    const why = checkedReason(reason, name);
    return this.audit.audited({ ...call, action: 'cancel', queues: [name], jobId: id }, () =>
      answerOf(managed, `the cancellation of job "${id}"`, broker.cancel(queue, id, why)),
    );
  }

  /**
   * No worker of any process starts jobs of this queue until it is resumed; active ones go on.
   * @throws UnknownQueueError
   */
  async pause(name: string, call: PrivacyCall = {}): Promise<void> {
    await this.queues.get(name).queue.pause();
    await this.audit.note({ ...call, action: 'pause', queues: [name] });
  }

  /** Lets workers start jobs of this queue again. @throws UnknownQueueError */
  async resume(name: string, call: PrivacyCall = {}): Promise<void> {
    await this.queues.get(name).queue.resume();
    await this.audit.note({ ...call, action: 'resume', queues: [name] });
  }

  /**
   * Removes finished jobs, 1 000 per command.
   * @returns how many
   * @throws UnknownQueueError; InvalidJobOptionsError listing every option that is wrong
   */
  async clean(name: string, options: CleanOptions = {}, call: PrivacyCall = {}): Promise<number> {
    const { queue } = this.queues.get(name);
    checkCleanOptions(name, options);
    const action = options.state === 'failed' ? 'discard' : 'purge';
    const deed = { ...call, action, queues: [name] } as const;
    return this.audit.audited(
      deed,
      () => removeFinished(queue, options),
      (count) => count,
    );
  }

  /**
   * Removes every job that waits or is delayed; active ones go on, and schedules plan their runs again.
   * @returns by how many fewer jobs wait: jobs that are added or taken meanwhile count too
   * @throws UnknownQueueError
   */
  async purge(name: string, call: PrivacyCall = {}): Promise<number> {
    const { queue, broker } = this.queues.get(name);
    const deed = { ...call, action: 'purge', queues: [name] } as const;
    return this.audit.audited(
      deed,
      () => broker.purge(queue),
      (count) => count,
    );
  }
}

async function removeFinished(
  queue: Queue,
  { state = 'completed', olderThanMs = 0, limit = Number.POSITIVE_INFINITY }: CleanOptions,
): Promise<number> {
  let removed = 0;
  while (removed < limit) {
    const step = Math.min(STEP, limit - removed);
    const ids = await queue.clean(olderThanMs, state satisfies JobStatusClean, step);
    removed += ids.length;
    if (ids.length < step) break;
  }
  return removed;
}

const OPTIONS = record<CleanOptions>('an object of state, olderThanMs and limit');
const STATE = oneOf('completed', 'failed');
const AGE = numberFrom(0, undefined, 'milliseconds');
const LIMIT = wholeNumber(1);

function checkCleanOptions(queue: string, options: CleanOptions): void {
  const issues = new Issues();
  if (issues.check('options', options, OPTIONS)) {
    const { state, olderThanMs, limit } = options;
    issues.checkGiven('state', state, STATE);
    issues.checkGiven('olderThanMs', olderThanMs, AGE);
    if (limit !== Number.POSITIVE_INFINITY) issues.checkGiven('limit', limit, LIMIT);
  }
  issues.throwIfAny(InvalidJobOptionsError, `Queue "${queue}" cannot be cleaned:`, { queue });
}
