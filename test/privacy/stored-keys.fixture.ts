import { InMemoryDataKeyStore, InMemoryMessages } from '../../src/message-queue/adapters/in-memory/index.js';
import type { KeyProvider } from '../../src/message-queue/ports/encryption/key-provider.js';
import type { DataKeyRecord, DataKeyStore } from '../../src/message-queue/ports/privacy/data-key-store.js';
import type { DataKey, KeyLookup } from '../../src/message-queue/privacy/keys/data-keys.js';
import { KeyWrapping } from '../../src/message-queue/privacy/keys/key-wrapping.js';
import { StoredNameKeys } from '../../src/message-queue/privacy/keys/name-keys.js';
import { StoredDataKeys } from '../../src/message-queue/privacy/keys/stored-data-keys.js';
import { ManualClock, recorded } from '../../src/message-queue/testing/index.js';
import { KeyRing } from '../support/key-ring.js';

export const QUEUE = 'message-delivery';
export const SCOPE = 'conversation:c-42';

/** What a process makes of a key store and a ring. */
export interface ProcessParts<Store extends DataKeyStore, Ring extends KeyProvider> {
  readonly store: Store;
  readonly ring: Ring;
  readonly clock: ManualClock;
  readonly keys?: number;
  readonly mostTexts?: number;
}

/** A store whose answers a test can hold back: what was read then arrives late. */
class LateStore extends InMemoryDataKeyStore {
  until: Promise<void> | undefined;

  override async current(scopeHash: string, signal?: AbortSignal): Promise<DataKeyRecord | null> {
    const record = await super.current(scopeHash, signal);
    await this.until;
    return record;
  }

  override async byId(keyId: string, signal?: AbortSignal): Promise<DataKeyRecord | null> {
    const record = await super.byId(keyId, signal);
    await this.until;
    return record;
  }

  /** @returns lets the answers go */
  holdBack(): () => void {
    let letGo = (): void => undefined;
    this.until = new Promise((resolve) => (letGo = resolve));
    return letGo;
  }
}

/** A store in memory whose calls are recorded, and can be made to fail or to be late. */
export function aStore() {
  return recorded(new LateStore(new InMemoryMessages()));
}

/** The data keys of one process; give two the same parts, and they are two processes. */
export function aProcess<Store extends DataKeyStore, Ring extends KeyProvider>(
  parts: ProcessParts<Store, Ring>,
) {
  const { store, ring, clock, keys = 100, mostTexts } = parts;
  const wrapping = new KeyWrapping(ring);
  const names = new StoredNameKeys(store, wrapping, clock);
  const limits = { keys, forMs: 60_000 };
  const dataKeys = new StoredDataKeys({
    isHeld: () => Promise.resolve(false),
    store,
    wrapping,
    names,
    clock,
    limits,
    mostTexts,
  });
  return {
    ...{ store, ring, clock, wrapping, names, dataKeys },
    seal: (scope = SCOPE, signal?: AbortSignal): Promise<DataKey> =>
      Promise.resolve(dataKeys.sealingKeyNow(scope) ?? dataKeys.sealingKey(scope, QUEUE, signal)),
    open: (id: Buffer, signal?: AbortSignal): Promise<KeyLookup> =>
      Promise.resolve(dataKeys.openingKeyNow(id) ?? dataKeys.openingKey(id, QUEUE, signal)),
    shred: async (scope = SCOPE) => {
      const scopeHash = await dataKeys.digest(scope);
      const at = new Date(clock.now());
      return store.destroy({ scopeHash, conversationId: null, at, receiptId: 'r-1' });
    },
  };
}

/** One process with all of its own. */
export function aLoneProcess(fields: { readonly keys?: number; readonly mostTexts?: number } = {}) {
  return aProcess({ store: aStore(), ring: new KeyRing(), clock: new ManualClock(), ...fields });
}
