import type { Page, PageRequest } from '../page.js';
import type { ErasureRecord, ErasureState, Tombstone } from './tombstone.js';

/** A data key as a store keeps it: wrapped by a key of the ring, never in the clear. */
export interface DataKeyRecord {
  /** 16 bytes as base64url, of which the first is 0. Travels in the clear with every text sealed with the key. */
  readonly keyId: string;
  /** Whose key it is: a keyed hash of the scope, from which the scope cannot be guessed. */
  readonly scopeHash: string;
  /** From 1. The newest key of a scope seals; the older ones still open. */
  readonly generation: number;
  /** The key as an `mq1` envelope; null once it was destroyed. */
  readonly wrapped: string | null;
  /** Which key of the ring wraps it, or wrapped it last. */
  readonly ringKeyId: string;
  readonly createdAt: Date;
  /** When it was destroyed; null while it opens. */
  readonly destroyedAt: Date | null;
}

/** A data key that is not stored yet. */
export interface NewDataKey extends Omit<DataKeyRecord, 'wrapped' | 'destroyedAt'> {
  readonly wrapped: string;
}

/** Whose keys to destroy, and for which erasure. */
export interface DestroyRequest {
  readonly scopeHash: string;
  /**
   * The conversation whose legal hold decides, in the same transaction. Null only where an erasure that was carried out is repeated, after
   * a restore: its hold was checked then.
   */
  readonly conversationId: string | null;
  readonly at: Date;
  readonly receiptId: string;
}

/** `held`: a legal hold forbids it, and nothing was changed. `keys` counts those that this call destroyed. */
export type DestroyOutcome =
  { readonly outcome: 'held' } | { readonly outcome: 'destroyed'; readonly keys: number };

/** How many data keys, destroyed ones aside, a key of the ring wraps. */
export interface WrappedCount {
  readonly ringKeyId: string;
  readonly keys: number;
}

/**
 * Where wrapped data keys and the tombstones of what was erased are kept. Destroying a scope's keys here makes every text sealed with
 * them unreadable, in Redis and its backups too: so it must not be the Redis that holds the jobs, nor be backed up with it, and its own
 * backups must not outlive what users were promised. An optional port: without one, keys are derived from the ring, and nothing can be
 * destroyed.
 */
export abstract class DataKeyStore {
  /** The newest key of a scope, destroyed or not; null when it never had one. */
  abstract current(scopeHash: string, signal?: AbortSignal): Promise<DataKeyRecord | null>;

  /** A key by its id, destroyed or not; null when there is none. */
  abstract byId(keyId: string, signal?: AbortSignal): Promise<DataKeyRecord | null>;

  /**
   * Stores a key, unless the scope has one of that generation or a newer one: of several that come at once the first one stays.
   * @returns the newest key of the scope, this one or another; null, and nothing is stored, when the scope has a tombstone
   */
  abstract add(key: NewDataKey, signal?: AbortSignal): Promise<DataKeyRecord | null>;

  /**
   * Puts an envelope of another ring key in the place of one, in one step.
   * @returns false when `previous` is not what is stored (any more)
   */
  abstract rewrap(
    keyId: string,
    previous: string,
    next: { readonly wrapped: string; readonly ringKeyId: string },
    signal?: AbortSignal,
  ): Promise<boolean>;

  /**
   * Keys that are wrapped by another key of the ring than this one, destroyed ones aside, in the order of their ids.
   * @throws InvalidCursorError
   */
  abstract listNotWrappedBy(
    ringKeyId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<DataKeyRecord>>;

  /** How many keys each key of the ring wraps, destroyed ones aside; in any order. */
  abstract countByRingKey(signal?: AbortSignal): Promise<readonly WrappedCount[]>;

  /**
   * Destroys every key of a conversation, all generations, and writes its tombstone (kind `conversation`; an earlier one stays as
   * it is): all in one transaction, in which no legal hold can be set. Again, it changes nothing. After it, no key is ever
   * stored for the scope.
   */
  abstract destroy(request: DestroyRequest, signal?: AbortSignal): Promise<DestroyOutcome>;

  /** Writes a tombstone; an earlier one of the same hash stays as it is. @returns the one that stands */
  abstract addTombstone(tombstone: Tombstone, signal?: AbortSignal): Promise<Tombstone>;

  /** The tombstones that these hashes have, in any order. */
  abstract findTombstones(hashes: readonly string[], signal?: AbortSignal): Promise<readonly Tombstone[]>;

  /** Tombstones, the oldest first. @throws InvalidCursorError */
  abstract listTombstones(page?: PageRequest, signal?: AbortSignal): Promise<Page<Tombstone>>;

  /** When the newest tombstone was written, or null. Older than the audit's newest: the store was restored from a backup. */
  abstract newestTombstoneAt(signal?: AbortSignal): Promise<Date | null>;

  /**
   * Keeps an erasure, in the place of what its receipt said before. A hash has one erasure: that of another receipt changes nothing.
   * @returns the one that is kept for the hash
   */
  abstract saveErasure(erasure: ErasureRecord, signal?: AbortSignal): Promise<ErasureRecord>;

  /** Forgets an erasure that was refused before it changed anything; one that is not kept (any more) is none to forget. */
  abstract withdrawErasure(receiptId: string, signal?: AbortSignal): Promise<void>;

  /** The erasure of a hash, or null. */
  abstract findErasure(hash: string, signal?: AbortSignal): Promise<ErasureRecord | null>;

  /** An erasure by its receipt, or null. */
  abstract findReceipt(receiptId: string, signal?: AbortSignal): Promise<ErasureRecord | null>;

  /** Erasures in a state, the oldest first. @throws InvalidCursorError */
  abstract listErasures(
    state: ErasureState,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<ErasureRecord>>;
}
