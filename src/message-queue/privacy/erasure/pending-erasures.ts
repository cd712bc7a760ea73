import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../kernel/time/clock.js';
import type { ConversationStore } from '../../ports/messages/conversation-store.js';
import type { DataKeyStore } from '../../ports/privacy/data-key-store.js';
import type { ErasureRecord, ErasureState } from '../../ports/privacy/tombstone.js';
import type { AuditChain } from '../audit/audit-chain.js';
import type { StoredKeys } from '../keys/app-keys.js';
import { everyEntry } from './every-entry.js';
import { lostTombstones } from './lost-tombstones.js';

/** Erasures that have to be gone on with. */
export class PendingErasures {
  constructor(
    private readonly keys: StoredKeys,
    private readonly conversations: ConversationStore,
    private readonly audit: AuditChain,
    private readonly clock: Clock,
  ) {}

  /** Receipts of erasures that have not been gone on with for so long. */
  async *interrupted(idleMs: number, signal: AbortSignal): AsyncGenerator<string> {
    const before = this.clock.now() - idleMs;
    for await (const { receiptId, at } of erasuresIn('incomplete', this.keys.store, signal)) {
      if (at.getTime() <= before) yield receiptId;
    }
  }

  /** Receipts of erasures that a legal hold has kept, and none keeps any more. */
  async *released(signal: AbortSignal): AsyncGenerator<string> {
    for await (const { receiptId, held } of erasuresIn('held', this.keys.store, signal)) {
      for (const { conversationId } of held) {
        if ((await this.conversations.find(conversationId, signal))?.legalHold === true) continue;
        yield receiptId;
        break;
      }
    }
  }

  /**
   * Destroys again what the audit says was erased and the store does not know of, because it was restored from a backup.
   * @returns how many tombstones were missing
   */
  async reapply(by: string, signal: AbortSignal): Promise<number> {
    const { audit, keys } = this;
    const lost = await lostTombstones(audit, keys.store, signal);
    if (lost.length === 0) return 0;
    const target = await audit.target('store', 'tombstones');
    return audit.audited(
      { actor: by, action: 'erase', target, reason: 'restored', count: lost.length },
      async () => {
        for (const { kind, hash, at } of lost) {
          const receiptId = randomUUID();
          if (kind !== 'conversation') await keys.store.addTombstone({ kind, hash, at, receiptId }, signal);
          else await keys.store.destroy({ scopeHash: hash, conversationId: null, at, receiptId }, signal);
          keys.dataKeys.forget(hash);
        }
        return lost.length;
      },
    );
  }
}

/** Erasures in a state, the oldest first. */
export function erasuresIn(
  state: ErasureState,
  store: DataKeyStore,
  signal: AbortSignal,
): AsyncGenerator<ErasureRecord> {
  return everyEntry((page) => store.listErasures(state, page, signal));
}
