import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../kernel/time/clock.js';
import { KeyUnavailableError, ScopeShreddedError } from '../../jobs/sealing/sealing-errors.js';
import type { DataKeyRecord, DataKeyStore } from '../../ports/privacy/data-key-store.js';
import { LONGEST_USE_MS, MOST_TEXTS } from './data-keys.js';
import type { DataKey, DataKeys, KeyLookup } from './data-keys.js';
import { KeyCache } from './key-cache.js';
import type { KeyCacheLimits } from './key-cache.js';
import type { KeyWrapping } from './key-wrapping.js';
import { nameHash } from './name-keys.js';
import type { NameKeys } from './name-keys.js';
import { isStored, newKeyId } from './stored-key-id.js';

/** Destroyed scopes that are remembered until what is cached of them has been asked for again. */
const MOST_BURIED = 10_000;

/** What the keys come from. */
export interface StoredDataKeysParts {
  readonly store: DataKeyStore;
  readonly wrapping: KeyWrapping;
  readonly names: NameKeys;
  readonly clock: Clock;
  readonly limits: KeyCacheLimits;
  /** Whether a conversation is under legal hold. */
  readonly isHeld: (conversationId: string) => Promise<boolean>;
  /** How many texts a key seals in this process. Default 2^26. */
  readonly mostTexts?: number;
}

interface OpenKey extends DataKey {
  readonly scopeHash: string;
}

interface SealingKey {
  readonly key: OpenKey;
  readonly generation: number;
  readonly createdAt: number;
  texts: number;
}

/**
 * Data keys of a store, opened: 32 random bytes for each scope, which can be destroyed. Secrets are never overwritten here, because a run
 * may hold one for as long as it lasts; they go with the last reference.
 */
export class StoredDataKeys implements DataKeys {
  private readonly sealing: KeyCache<SealingKey | 'shredded'>;
  private readonly opening: KeyCache<OpenKey | 'shredded'>;
  private readonly buried = new Set<string>();
  private readonly mostTexts: number;

  constructor(private readonly parts: StoredDataKeysParts) {
    const { clock, limits, mostTexts = MOST_TEXTS } = parts;
    const isFinal = (held: SealingKey | OpenKey | 'shredded'): boolean => held === 'shredded';
    this.mostTexts = mostTexts;
    this.sealing = new KeyCache<SealingKey | 'shredded'>({
      ...{ clock, limits, isFinal },
      load: (scope, previous, signal) => this.loadScope(scope, previous, signal),
    });
    this.opening = new KeyCache<OpenKey | 'shredded'>({
      ...{ clock, limits, isFinal },
      load: (keyId, _previous, signal) => this.loadKey(keyId, signal),
    });
  }

  sealingKeyNow(scope: string): DataKey | undefined {
    const found = this.sealing.now(scope);
    if (found === undefined || this.isGone(found) || this.isWorn(found)) return undefined;
    found.texts += 1;
    return found.key;
  }

  async sealingKey(scope: string, _queue: string, signal?: AbortSignal): Promise<DataKey> {
    const found = await this.usable(scope, signal);
    found.texts += 1;
    return found.key;
  }

  fingerprintKeyNow(scope: string, _queue?: string): DataKey | undefined {
    const found = this.sealing.now(scope);
    return found === undefined || this.isGone(found) ? undefined : found.key;
  }

  async fingerprintKey(scope: string, _queue: string): Promise<DataKey> {
    return (await this.usable(scope, undefined)).key;
  }

  openingKeyNow(keyId: Buffer): KeyLookup | undefined {
    return isStored(keyId) ? this.unlessBuried(this.opening.now(toText(keyId))) : 'unknown';
  }

  async openingKey(keyId: Buffer, _queue: string, signal?: AbortSignal): Promise<KeyLookup> {
    if (!isStored(keyId)) return 'unknown';
    try {
      return this.unlessBuried(await this.opening.get(toText(keyId), signal)) ?? 'unknown';
    } catch (error) {
      signal?.throwIfAborted();
      throw unavailable('opened', error);
    }
  }

  /** The keyed hash under which the store knows a scope such as `conversation:c-42`. @throws KeyUnavailableError */
  async digest(scope: string): Promise<string> {
    return nameHash(await this.parts.names.current(), scope);
  }

  /**
   * Whether anything of these names, such as `subject:user-7`, was erased. A legal hold of the conversation wins over the erasure of a person.
   * @throws KeyUnavailableError
   */
  async isErased(names: readonly string[]): Promise<boolean> {
    const key = await this.parts.names.current();
    const hashes = names.map((name) => nameHash(key, name));
    try {
      const found = await this.parts.store.findTombstones(hashes);
      const erased = new Set(found.map(({ hash }) => hash));
      const gone = names.filter((_, at) => erased.has(hashes[at] ?? '') || this.buried.has(hashes[at] ?? ''));
      if (gone.length === 0) return false;
      return !gone.every((name) => name.startsWith('subject:')) || !(await this.isHeld(names));
    } catch (cause) {
      throw new KeyUnavailableError(
        'Nobody can say whether this was erased: the data key store does not answer. The job waits.',
        { cause },
      );
    }
  }

  /** What another process, or this one, has destroyed is not used here any more. @param scopeHash see {@link digest}; also of what else was erased */
  forget(scopeHash: string): void {
    const [oldest] = this.buried;
    if (this.buried.size >= MOST_BURIED && oldest !== undefined) this.buried.delete(oldest);
    this.buried.add(scopeHash);
  }

  private async usable(scope: string, signal: AbortSignal | undefined): Promise<SealingKey> {
    const found = await this.asked(scope, signal);
    if (!this.isGone(found)) return found;
    throw new ScopeShreddedError(
      `The ${scope.slice(0, scope.indexOf(':'))} that this belongs to was erased: nothing new of it is stored.`,
    );
  }

  private async isHeld(names: readonly string[]): Promise<boolean> {
    const prefix = 'conversation:';
    const conversation = names.find((name) => name.startsWith(prefix));
    return conversation !== undefined && this.parts.isHeld(conversation.slice(prefix.length));
  }

  private isGone(held: SealingKey | 'shredded'): held is 'shredded' {
    return held === 'shredded' || this.buried.has(held.key.scopeHash);
  }

  private unlessBuried(held: OpenKey | 'shredded' | undefined): OpenKey | 'shredded' | undefined {
    const isBuried = held !== undefined && held !== 'shredded' && this.buried.has(held.scopeHash);
    return isBuried ? 'shredded' : held;
  }

  private async asked(scope: string, signal: AbortSignal | undefined): Promise<SealingKey | 'shredded'> {
    try {
      const found = await this.sealing.get(scope, signal);
      const isWorn = found !== undefined && found !== 'shredded' && this.isWorn(found);
      const usable = isWorn ? await this.sealing.reload(scope, signal) : found;
      if (usable === undefined) throw new Error('It has no key for the scope.');
      return usable;
    } catch (error) {
      signal?.throwIfAborted();
      throw unavailable('sealed', error);
    }
  }

  private isWorn({ texts, createdAt }: SealingKey): boolean {
    return texts >= this.mostTexts || this.parts.clock.now() - createdAt >= LONGEST_USE_MS;
  }

  private async loadScope(
    scope: string,
    previous: SealingKey | 'shredded' | undefined,
    signal: AbortSignal,
  ): Promise<SealingKey | 'shredded'> {
    const scopeHash = await this.digest(scope);
    const newest = await this.parts.store.current(scopeHash, signal);
    if (newest === null) return this.toSealing(await this.add(scopeHash, 1, signal), previous, signal);
    const found = await this.toSealing(newest, previous, signal);
    if (found === 'shredded' || !this.isWorn(found)) return found;
    const next = await this.add(scopeHash, newest.generation + 1, signal);
    return this.toSealing(next, previous, signal);
  }

  private async add(
    scopeHash: string,
    generation: number,
    signal: AbortSignal,
  ): Promise<DataKeyRecord | null> {
    const { store, wrapping, clock } = this.parts;
    const name = { keyId: toText(newKeyId()), scopeHash };
    const wrapped = await wrapping.wrap(name, randomBytes(32), signal);
    return store.add({ ...name, ...wrapped, generation, createdAt: new Date(clock.now()) }, signal);
  }

  private async loadKey(keyId: string, signal: AbortSignal): Promise<OpenKey | 'shredded' | undefined> {
    const record = await this.parts.store.byId(keyId, signal);
    return record === null ? undefined : this.open(record, signal);
  }

  private async toSealing(
    record: DataKeyRecord | null,
    previous: SealingKey | 'shredded' | undefined,
    signal: AbortSignal,
  ): Promise<SealingKey | 'shredded'> {
    const key = record === null ? 'shredded' : await this.open(record, signal);
    if (record === null || key === 'shredded') return 'shredded';
    this.opening.put(record.keyId, key);
    const hasSealed = previous !== undefined && previous !== 'shredded' && previous.key.id.equals(key.id);
    // The one that is in use, so that no text sealed meanwhile goes uncounted.
    if (hasSealed) return previous;
    return { key, generation: record.generation, createdAt: record.createdAt.getTime(), texts: 0 };
  }

  private async open(record: DataKeyRecord, signal: AbortSignal): Promise<OpenKey | 'shredded'> {
    const { keyId, scopeHash, wrapped } = record;
    if (wrapped === null) return 'shredded';
    const secret = await this.parts.wrapping.unwrap({ ...record, wrapped }, signal);
    return { id: Buffer.from(keyId, 'base64url'), secret, scopeHash };
  }
}

function toText(keyId: Buffer): string {
  return keyId.toString('base64url');
}

function unavailable(what: 'sealed' | 'opened', error: unknown): KeyUnavailableError {
  if (error instanceof KeyUnavailableError) return error;
  return new KeyUnavailableError(
    `The data key that this is ${what} with cannot be had: the data key store or the key provider does not answer. Nothing was stored; the same call is safe.`,
    { cause: error },
  );
}
