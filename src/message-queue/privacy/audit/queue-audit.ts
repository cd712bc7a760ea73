import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import type { AuditAction, AuditTarget } from '../../ports/privacy/audit-trail.js';
import type { AuditChain } from './audit-chain.js';
import { fitsEntry } from './audit-entry.js';
import type { AuditEntry } from './audit-entry.js';
import { AuditUnavailableError } from './audit-errors.js';
import type { OperatorDeed } from '../../jobs/activity/operator-deed.js';
import type { OperatorLog } from './operator-log.js';
import type { PrivacyCall } from './privacy-call.js';

/** Said of who acts when the caller does not say. */
const SOMEBODY = 'app';

/** What somebody does to a queue, to several, or to one job or one group of a queue. */
export interface QueueDeed extends PrivacyCall {
  readonly action: AuditAction;
  readonly queues: readonly string[];
  readonly jobId?: string;
  /** How a group is called where it is stored. It is told by its hash alone. */
  readonly group?: string;
}

/** Writes down what is done to queues and their jobs: in the chain, which proves it, and in the list that operators are shown. */
export class QueueAudit {
  private readonly logger = new SafeLogger('Audit');

  readonly #log: Pick<OperatorLog, 'note'>;

  constructor(
    private readonly chain: AuditChain,
    log: Pick<OperatorLog, 'note'>,
  ) {
    this.#log = log;
  }

  /**
   * Does what cannot be taken back only if it can be written down, before it begins and when it has ended: one entry each, however many
   * jobs it is.
   * @param countOf of what `act` returned
   * @throws InvalidAuditEntryError, AuditUnavailableError, and then nothing was done; what `act` throws
   */
  async audited<T>(deed: QueueDeed, act: () => Promise<T>, countOf?: (result: T) => number): Promise<T> {
    try {
      const result = await this.chain.audited(await this.entryOf(deed), act, countOf);
      await this.tell(deed, 'done', countOf?.(result));
      return result;
    } catch (error) {
      await this.tell(deed, 'failed');
      throw error;
    }
  }

  /** Writes down what was done, and can be taken back: it is never refused, and an entry that is missing is logged. */
  async note(deed: QueueDeed): Promise<void> {
    try {
      await Promise.all([
        this.tell(deed, 'done'),
        this.entryOf(deed).then((entry) => this.chain.append(entry)),
      ]);
    } catch (error) {
      this.logger.error(
        `"${deed.action}" of queue ${deed.queues.join(', ')} is done, and not in the audit: ${String(error)}`,
      );
    }
  }

  private tell(deed: QueueDeed, outcome: OperatorDeed['outcome'], count?: number): Promise<void> {
    const { action, queues, jobId, group, by, reason } = deed;
    // A group is known by an id that may be a person's.
    const of = jobId === undefined ? (group === undefined ? '' : ' (a group)') : ` ${jobId}`;
    return this.#log.note({
      ...{ action, outcome, by, reason },
      target: `${queues.join(', ')}${of}`,
      count: count ?? (jobId !== undefined && outcome === 'done' ? 1 : null),
    });
  }

  private async entryOf(deed: QueueDeed): Promise<AuditEntry> {
    const { action, queues, jobId, by = SOMEBODY, reason } = deed;
    const [queue = ''] = queues;
    const place = queues.length === 1 && fitsEntry(queue) ? { queue } : {};
    // A job that a plain Bull producer named in a way that no line of an audit can have is told by the hash.
    const job = jobId !== undefined && fitsEntry(jobId) ? { jobId } : {};
    return { actor: by, action, target: await this.targetOf(deed), ...place, ...job, reason };
  }

  private async targetOf({ queues, jobId, group }: QueueDeed): Promise<AuditTarget> {
    const names = queues.toSorted().join(',');
    const part = jobId ?? group;
    const kind = part === undefined ? 'queue' : jobId === undefined ? 'group' : 'job';
    const id = part === undefined ? names : `${names}:${part}`;
    try {
      return await this.chain.target(kind, id);
    } catch (cause) {
      throw new AuditUnavailableError(
        'What the audit names a queue, job or group by cannot be had, so nothing was done: look at the data key store and the key provider. The same call again is safe.',
        { cause },
      );
    }
  }
}
