import { Inject, Injectable, Optional } from '@nestjs/common';
import { DataKeyStore } from '../../../ports/privacy/data-key-store.js';
import type {
  DataKeyRecord,
  DestroyOutcome,
  DestroyRequest,
  NewDataKey,
  WrappedCount,
} from '../../../ports/privacy/data-key-store.js';
import type { Page, PageRequest } from '../../../ports/page.js';
import type { ErasureRecord, ErasureState, Tombstone } from '../../../ports/privacy/tombstone.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { InMemoryMessages } from '../messages/in-memory-messages.js';
import { pageOf } from '../page-of.js';

/** Keys are small and never forgotten, so there is room for more of them than of other things. */
const MORE_ENTRIES = { maxEntries: 200_000 };

/**
 * Data keys in memory, for jobs that die with the process as well: on Redis, jobs would outlive their keys. Forgets none, since nothing
 * would open any more: a full one refuses new keys (`maxEntries` is 200 000 here unless it is set).
 */
@Injectable()
export class InMemoryDataKeyStore extends DataKeyStore {
  readonly #keys: BoundedMap<DataKeyRecord>;
  readonly #tombstones: BoundedMap<Tombstone>;
  /** By the hash of what they are about. */
  readonly #erasures: BoundedMap<ErasureRecord>;
  /** Id of the newest key, by scope. */
  readonly #newest = new Map<string, string>();

  constructor(
    private readonly data: InMemoryMessages,
    @Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>,
  ) {
    super();
    this.#keys = new BoundedMap({ ...MORE_ENTRIES, ...limits }, ({ wrapped }) => wrapped?.length ?? 0);
    this.#tombstones = new BoundedMap({ ...MORE_ENTRIES, ...limits });
    this.#erasures = new BoundedMap({ ...MORE_ENTRIES, ...limits });
  }

  override current(scopeHash: string, signal?: AbortSignal): Promise<DataKeyRecord | null> {
    return answer(signal, () => this.#current(scopeHash));
  }

  override byId(keyId: string, signal?: AbortSignal): Promise<DataKeyRecord | null> {
    return answer(signal, () => this.#keys.get(keyId) ?? null);
  }

  override add(key: NewDataKey, signal?: AbortSignal): Promise<DataKeyRecord | null> {
    return answer(signal, () => {
      if (this.#tombstones.has(key.scopeHash)) return null;
      const newest = this.#current(key.scopeHash);
      if (newest !== null && newest.generation >= key.generation) return newest;
      const record = { ...key, destroyedAt: null };
      this.#keys.setOrRefuse(key.keyId, record, 'DataKeyStore');
      this.#newest.set(key.scopeHash, key.keyId);
      return record;
    });
  }

  override rewrap(
    keyId: string,
    previous: string,
    next: { readonly wrapped: string; readonly ringKeyId: string },
    signal?: AbortSignal,
  ): Promise<boolean> {
    return answer(signal, () => {
      const record = this.#keys.get(keyId);
      if (record?.wrapped !== previous) return false;
      const { wrapped, ringKeyId } = next;
      this.#keys.setOrRefuse(keyId, { ...record, wrapped, ringKeyId }, 'DataKeyStore');
      return true;
    });
  }

  override listNotWrappedBy(
    ringKeyId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<DataKeyRecord>> {
    return answer(signal, () => {
      const others = this.#wrapped().filter((record) => record.ringKeyId !== ringKeyId);
      return pageOf(others, ({ keyId }) => [0, keyId], 'oldest-first', page);
    });
  }

  override countByRingKey(signal?: AbortSignal): Promise<readonly WrappedCount[]> {
    return answer(signal, () => {
      const counts = new Map<string, number>();
      for (const { ringKeyId } of this.#wrapped()) counts.set(ringKeyId, (counts.get(ringKeyId) ?? 0) + 1);
      return [...counts].map(([ringKeyId, keys]) => ({ ringKeyId, keys }));
    });
  }

  override destroy(request: DestroyRequest, signal?: AbortSignal): Promise<DestroyOutcome> {
    const { scopeHash, conversationId, at, receiptId } = request;
    return answer(signal, () => {
      if (conversationId !== null && this.data.isHeld(conversationId)) return { outcome: 'held' };
      this.#bury({ kind: 'conversation', hash: scopeHash, at, receiptId });
      const keys = this.#wrapped().filter((record) => record.scopeHash === scopeHash);
      for (const record of keys) {
        this.#keys.setOrRefuse(record.keyId, { ...record, wrapped: null, destroyedAt: at }, 'DataKeyStore');
      }
      return { outcome: 'destroyed', keys: keys.length };
    });
  }

  override addTombstone(tombstone: Tombstone, signal?: AbortSignal): Promise<Tombstone> {
    return answer(signal, () => this.#bury(tombstone));
  }

  override findTombstones(hashes: readonly string[], signal?: AbortSignal): Promise<readonly Tombstone[]> {
    return answer(signal, () => [...new Set(hashes)].flatMap((hash) => this.#tombstones.get(hash) ?? []));
  }

  override listTombstones(page?: PageRequest, signal?: AbortSignal): Promise<Page<Tombstone>> {
    return answer(signal, () =>
      pageOf(this.#tombstones.values(), ({ at, hash }) => [at.getTime(), hash], 'oldest-first', page),
    );
  }

  override newestTombstoneAt(signal?: AbortSignal): Promise<Date | null> {
    return answer(signal, () =>
      this.#tombstones
        .values()
        .reduce<Date | null>((newest, { at }) => (newest === null || at > newest ? at : newest), null),
    );
  }

  override saveErasure(erasure: ErasureRecord, signal?: AbortSignal): Promise<ErasureRecord> {
    return answer(signal, () => {
      const kept = this.#erasures.get(erasure.hash);
      if (kept !== undefined && kept.receiptId !== erasure.receiptId) return kept;
      this.#erasures.setOrRefuse(erasure.hash, erasure, 'DataKeyStore');
      return erasure;
    });
  }

  override withdrawErasure(receiptId: string, signal?: AbortSignal): Promise<void> {
    return answer(signal, () => {
      const withdrawn = this.#erasures.values().find((erasure) => erasure.receiptId === receiptId);
      if (withdrawn !== undefined) this.#erasures.delete(withdrawn.hash);
    });
  }

  override findErasure(hash: string, signal?: AbortSignal): Promise<ErasureRecord | null> {
    return answer(signal, () => this.#erasures.get(hash) ?? null);
  }

  override findReceipt(receiptId: string, signal?: AbortSignal): Promise<ErasureRecord | null> {
    return answer(signal, () => {
      return this.#erasures.values().find((erasure) => erasure.receiptId === receiptId) ?? null;
    });
  }

  override listErasures(
    state: ErasureState,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<ErasureRecord>> {
    return answer(signal, () => {
      const all = this.#erasures.values().filter((erasure) => erasure.state === state);
      return pageOf(all, ({ at, receiptId }) => [at.getTime(), receiptId], 'oldest-first', page);
    });
  }

  #current(scopeHash: string): DataKeyRecord | null {
    return this.#keys.get(this.#newest.get(scopeHash) ?? '') ?? null;
  }

  #wrapped(): DataKeyRecord[] {
    return this.#keys.values().filter(({ wrapped }) => wrapped !== null);
  }

  #bury(tombstone: Tombstone): Tombstone {
    const standing = this.#tombstones.get(tombstone.hash);
    if (standing !== undefined) return standing;
    this.#tombstones.setOrRefuse(tombstone.hash, tombstone, 'DataKeyStore');
    return tombstone;
  }
}
