import type { Clock } from '../../../kernel/time/clock.js';
import type { KeyProvider } from '../../ports/encryption/key-provider.js';
import type { DataKeyStore } from '../../ports/privacy/data-key-store.js';
import type { KeyCacheLimits } from './key-cache.js';
import { KeyRotation } from './key-rotation.js';
import { KeyWrapping } from './key-wrapping.js';
import { StoredNameKeys } from './name-keys.js';
import type { NameKeys } from './name-keys.js';
import { RingKeyWatch } from './ring-key-watch.js';
import { RingNameKeys } from './ring-name-keys.js';
import { StoredDataKeys } from './stored-data-keys.js';

/** What stands on a data key store. */
export interface StoredKeys {
  readonly store: DataKeyStore;
  readonly dataKeys: StoredDataKeys;
  readonly rotation: KeyRotation;
}

/** The keys of an app, made once. */
export class AppKeys {
  readonly names: NameKeys;
  /** Null without a data key store: keys are derived from the ring then, and nothing can be destroyed. */
  readonly stored: StoredKeys | null;
  readonly watch: RingKeyWatch;

  /** @param isHeld whether a conversation is under legal hold */
  constructor(
    store: DataKeyStore | null,
    ring: KeyProvider,
    clock: Clock,
    limits: KeyCacheLimits,
    isHeld: (conversationId: string) => Promise<boolean>,
  ) {
    if (store === null) {
      this.names = new RingNameKeys(ring);
      this.stored = null;
      this.watch = new RingKeyWatch(null, clock);
      return;
    }
    const wrapping = new KeyWrapping(ring);
    this.names = new StoredNameKeys(store, wrapping, clock);
    const dataKeys = new StoredDataKeys({ store, wrapping, names: this.names, clock, limits, isHeld });
    const rotation = new KeyRotation(store, ring, wrapping);
    this.stored = { store, dataKeys, rotation };
    this.watch = new RingKeyWatch(rotation, clock);
  }
}
