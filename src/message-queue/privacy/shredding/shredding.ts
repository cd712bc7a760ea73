import type { Clock } from '../../../kernel/time/clock.js';
import type { ErasureRecord } from '../../ports/privacy/tombstone.js';
import type { AuditChain } from '../audit/audit-chain.js';
import type { StoredKeys } from '../keys/app-keys.js';
import { legalHoldError } from '../erasure/erasure-errors.js';
import { withKeys } from '../erasure/erasure-figures.js';

/** What shredding is built from. */
export interface ShreddingParts {
  readonly keys: StoredKeys;
  readonly audit: AuditChain;
  readonly clock: Clock;
}

/**
 * Destroys the keys of conversations, for an erasure that is kept by then: a process may die when they are gone, and the same again
 * destroys none and goes on.
 */
export class Shredding {
  constructor(private readonly parts: ShreddingParts) {}

  /** The conversation that is erased. @returns the erasure with what was destroyed; null when a legal hold forbids it */
  async begin(
    erasure: ErasureRecord,
    conversationId: string,
    at: Date,
    signal: AbortSignal,
  ): Promise<ErasureRecord | null> {
    const destroyed = await this.destroyKeys(conversationId, erasure.receiptId, at, signal);
    if (destroyed === null) return null;
    if (destroyed === 0) return erasure;
    const shredded = { ...erasure, ...withKeys(erasure, destroyed, at) };
    return this.parts.keys.store.saveErasure(shredded, signal);
  }

  /**
   * The same where nobody knows how far it came.
   * @throws LegalHoldError when it had not begun, and a legal hold forbids it now: it is given up, or the end of the hold would carry it out
   */
  async goOn(erasure: ErasureRecord, conversationId: string, signal: AbortSignal): Promise<ErasureRecord> {
    const shredded = await this.begin(erasure, conversationId, this.now(), signal);
    if (shredded !== null) return shredded;
    const { store } = this.parts.keys;
    if ((await store.findTombstones([erasure.hash], signal)).length > 0) return erasure;
    await store.withdrawErasure(erasure.receiptId, signal);
    throw legalHoldError();
  }

  /**
   * A conversation in which nobody but the erased person remains. Written to the audit by itself, so that a restored key store is told of it.
   * @returns how many keys there were
   */
  async alone(
    conversationId: string,
    { receiptId, by, reason }: ErasureRecord,
    signal: AbortSignal,
  ): Promise<number> {
    const count = await this.destroyKeys(conversationId, receiptId, this.now(), signal);
    if (count === null) return 0;
    const { audit } = this.parts;
    const target = await audit.target('conversation', conversationId);
    await audit.append({ actor: by, action: 'shred', target, count, reason: reason ?? undefined });
    return count;
  }

  /** @returns how many there were; null when a legal hold forbids it */
  private async destroyKeys(
    conversationId: string,
    receiptId: string,
    at: Date,
    signal: AbortSignal,
  ): Promise<number | null> {
    const { store, dataKeys } = this.parts.keys;
    const scopeHash = await dataKeys.digest(`conversation:${conversationId}`);
    const destroyed = await store.destroy({ scopeHash, conversationId, at, receiptId }, signal);
    if (destroyed.outcome === 'held') return null;
    dataKeys.forget(scopeHash);
    return destroyed.keys;
  }

  private now(): Date {
    return new Date(this.parts.clock.now());
  }
}
