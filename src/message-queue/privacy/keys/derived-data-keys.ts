import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { Clock } from '../../../kernel/time/clock.js';
import type { EncryptionKey, KeyProvider } from '../../ports/encryption/key-provider.js';
import { LONGEST_OUTAGE_MS, LONGEST_USE_MS, MOST_TEXTS } from './data-keys.js';
import type { DataKey, DataKeys, KeyLookup, RingView } from './data-keys.js';
import { isStored } from './stored-key-id.js';
import type { KeyCacheLimits } from './key-cache.js';
import { KeyUnavailableError } from '../../jobs/sealing/sealing-errors.js';

/** First byte of the id of a derived key; stored ones begin with 0. */
const DERIVED = 1;
const TAG_BYTES = 6;
const SALT_BYTES = 9;
const NO_SALT = Buffer.alloc(SALT_BYTES);
const SECRET_BYTES = 32;

interface SealingKey {
  readonly key: DataKey;
  readonly ringKeyId: string;
  readonly madeAt: number;
  texts: number;
}

/**
 * Data keys that are derived from the key ring: nothing to store, no round trip. HKDF-SHA-256 of a ring key, with the random salt that
 * is part of the key's id, for one queue. Every scope is its queue's: none can be destroyed by itself.
 */
export class DerivedDataKeys implements DataKeys {
  private readonly sealing = new Map<string, SealingKey>();
  private readonly opened = new Map<string, DataKey>();
  private current: { readonly key: EncryptionKey; readonly at: number } | undefined;
  private loading: Promise<EncryptionKey> | undefined;
  private readonly clock: Clock;

  constructor(
    private readonly ring: KeyProvider,
    clock: Clock,
    private readonly limits: KeyCacheLimits,
  ) {
    this.clock = clock.steady();
  }

  sealingKeyNow(_scope: string, queue: string): DataKey | undefined {
    const ringKey = this.currentNow();
    if (ringKey === undefined) return undefined;
    let sealing = this.sealing.get(queue);
    if (sealing === undefined || this.isSpent(sealing, ringKey.id)) {
      sealing = this.newKey(ringKey, queue);
      this.sealing.set(queue, sealing);
    }
    sealing.texts += 1;
    return sealing.key;
  }

  async sealingKey(scope: string, queue: string): Promise<DataKey> {
    const known = this.sealingKeyNow(scope, queue);
    if (known !== undefined) return known;
    await this.loadCurrent();
    const key = this.sealingKeyNow(scope, queue);
    if (key === undefined) throw unavailable(undefined);
    return key;
  }

  fingerprintKeyNow(_scope: string, queue: string): DataKey | undefined {
    const ringKey = this.currentNow();
    return ringKey && this.unsalted(ringKey, queue);
  }

  async fingerprintKey(_scope: string, queue: string): Promise<DataKey> {
    return this.unsalted(this.currentNow() ?? (await this.loadCurrent()), queue);
  }

  openingKeyNow(keyId: Buffer, queue: string): KeyLookup | undefined {
    return this.opened.get(cacheKey(keyId, queue));
  }

  async openingKey(keyId: Buffer, queue: string): Promise<KeyLookup> {
    for (const id of await this.ask(() => this.ring.ids())) {
      if (!tagOf(id).equals(keyId.subarray(1, 1 + TAG_BYTES))) continue;
      const ringKey = await this.ask(() => this.ring.byId(id));
      if (ringKey !== null) return this.derive(ringKey, keyId, queue);
    }
    return 'unknown';
  }

  async ringNow(): Promise<RingView> {
    const ids = await this.ask(() => this.ring.ids());
    const tags = new Set(ids.map((id) => tagOf(id).toString('latin1')));
    return {
      names: [...ids].sort().join(),
      isMissing: (keyId) =>
        !isStored(keyId) && !tags.has(keyId.subarray(1, 1 + TAG_BYTES).toString('latin1')),
    };
  }

  async renew(): Promise<void> {
    await this.loadCurrent();
  }

  /** A keyed hash that is the same in every process with the same current ring key. */
  async digest(text: string): Promise<string> {
    const { key } = this.current ?? { key: await this.loadCurrent() };
    const secret = derived(key.secret, Buffer.alloc(0), 'mq digest');
    return createHmac('sha256', secret).update(text).digest('base64url');
  }

  private loadCurrent(): Promise<EncryptionKey> {
    this.loading ??= this.ask(() => this.ring.current())
      .then((key) => {
        this.current = { key, at: this.clock.now() };
        return key;
      })
      .finally(() => (this.loading = undefined));
    return this.loading;
  }

  /** The current key of the ring, if it is at hand; one that was at hand for a while is asked for again. */
  private currentNow(): EncryptionKey | undefined {
    const { current } = this;
    if (current === undefined) return undefined;
    const age = this.clock.now() - current.at;
    if (age > LONGEST_OUTAGE_MS) return undefined;
    if (age > this.limits.forMs / 2 && this.loading === undefined) this.loadCurrent().catch(() => undefined);
    return current.key;
  }

  private isSpent({ texts, madeAt, ringKeyId }: SealingKey, currentId: string): boolean {
    return texts >= MOST_TEXTS || this.clock.now() - madeAt > LONGEST_USE_MS || ringKeyId !== currentId;
  }

  private newKey(ringKey: EncryptionKey, queue: string): SealingKey {
    const key = this.derive(ringKey, idOf(ringKey, randomBytes(SALT_BYTES)), queue);
    return { key, ringKeyId: ringKey.id, madeAt: this.clock.now(), texts: 0 };
  }

  /** A key of a queue that every process derives alike. */
  private unsalted(ringKey: EncryptionKey, queue: string): DataKey {
    const id = idOf(ringKey, NO_SALT);
    return this.opened.get(cacheKey(id, queue)) ?? this.derive(ringKey, id, queue);
  }

  private derive(ringKey: EncryptionKey, id: Buffer, queue: string): DataKey {
    const key = { id: Buffer.from(id), secret: derived(ringKey.secret, id, `mq data key ${queue}`) };
    const [oldest] = this.opened.keys();
    if (this.opened.size >= this.limits.keys && oldest !== undefined) this.opened.delete(oldest);
    this.opened.set(cacheKey(id, queue), key);
    return key;
  }

  private async ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (cause) {
      throw unavailable(cause);
    }
  }
}

function idOf(ringKey: EncryptionKey, salt: Buffer): Buffer {
  return Buffer.concat([Buffer.of(DERIVED), tagOf(ringKey.id), salt]);
}

function derived(secret: Uint8Array, salt: Buffer, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, SECRET_BYTES));
}

/** Whether two derived keys come from the same key of the ring. */
export function isOfSameRingKey(one: Buffer, other: Buffer): boolean {
  return one.subarray(0, 1 + TAG_BYTES).equals(other.subarray(0, 1 + TAG_BYTES));
}

/** Tells which key of a ring a data key comes from. */
function tagOf(ringKeyId: string): Buffer {
  return createHash('sha256').update(ringKeyId).digest().subarray(0, TAG_BYTES);
}

function cacheKey(keyId: Buffer, queue: string): string {
  return keyId.toString('latin1') + queue;
}

function unavailable(cause: unknown): KeyUnavailableError {
  return new KeyUnavailableError(
    'The key provider did not give its key: jobs can be neither sealed nor opened until it does. Nothing was stored; the same call is safe.',
    { cause },
  );
}
