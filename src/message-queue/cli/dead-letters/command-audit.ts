import type { ActivityStore } from '../../broker/activity-store.js';
import type { AuditChain } from '../../privacy/audit/audit-chain.js';
import { QueueAudit } from '../../privacy/audit/queue-audit.js';
import type { QueueDeed } from '../../privacy/audit/queue-audit.js';
import { OperatorLog } from '../session/operator-log.js';
import type { Deed } from '../session/operator-log.js';

/** Writes what a command does to the list of what operators did: the audit trail of an app is a store of its own, out of reach from here. */
export class CommandAudit extends QueueAudit {
  private readonly log: OperatorLog;

  constructor(activity: ActivityStore) {
    super({} as AuditChain, { note: () => Promise.resolve() });
    this.log = new OperatorLog(activity);
  }

  override audited<T>(deed: QueueDeed, act: () => Promise<T>, countOf?: (result: T) => number): Promise<T> {
    return this.log.noted(deedOf(deed), act, countOf);
  }

  override async note(deed: QueueDeed): Promise<void> {
    await this.log.note(deedOf(deed), 'done', null);
  }
}

function deedOf({ action, queues, jobId, by = 'cli', reason }: QueueDeed): Deed {
  const target = jobId === undefined ? queues.join(', ') : `${queues.join(', ')} ${jobId}`;
  return { by, action, target, reason: reason ?? null };
}
