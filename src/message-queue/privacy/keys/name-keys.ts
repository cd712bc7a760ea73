import { createHmac, randomBytes } from 'node:crypto';
import { inRootContext } from '../../../kernel/host/root-context.js';
import { answeredWithin } from '../../../kernel/time/answered-within.js';
import type { Clock } from '../../../kernel/time/clock.js';
import { KeyUnavailableError } from '../../jobs/sealing/sealing-errors.js';
import type { DataKeyRecord, DataKeyStore } from '../../ports/privacy/data-key-store.js';
import type { KeyWrapping } from './key-wrapping.js';
import { newKeyId } from './stored-key-id.js';

/** Stands where other keys have the hash of their scope: no hash looks like it. */
const SCOPE = 'names';

/** How long the key of names may take, milliseconds. */
const LOAD_TIMEOUT_MS = 10_000;

/** Hashes the names of what was erased or written down, so that nobody who reads the store can guess them. */
export interface NameKeys {
  /** The key of hashes that are made now. @throws KeyUnavailableError */
  current(): Promise<NameKey>;
  /** The key of hashes that were made before; null when there is none. @throws KeyUnavailableError */
  byId(id: string): Promise<NameKey | null>;
}

/** A key of names, and what it is called. */
export interface NameKey {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Buffer;
}

/** HMAC-SHA-256 of a name such as `conversation:c-42`. @returns 43 characters of base64url */
export function nameHash(key: NameKey, name: string): string {
  return createHmac('sha256', key.secret).update(name).digest('base64url');
}

/**
 * One key of names for as long as the data key store lasts: itself a data key, wrapped by the ring, made when it is first needed, and
 * never destroyed. So hashes stay what they are when the ring changes.
 */
export class StoredNameKeys implements NameKeys {
  private loading: Promise<NameKey> | undefined;

  constructor(
    private readonly store: DataKeyStore,
    private readonly wrapping: KeyWrapping,
    private readonly clock: Clock,
  ) {}

  /** Asked for once; a failure is not kept. */
  current(): Promise<NameKey> {
    this.loading ??= inRootContext(() => this.load());
    return this.loading;
  }

  async byId(id: string): Promise<NameKey | null> {
    const key = await this.current();
    return key.id === id ? key : null;
  }

  private async load(): Promise<NameKey> {
    try {
      const tooLate = (): Error => new Error('They did not answer.');
      return await answeredWithin(this.open(), LOAD_TIMEOUT_MS, tooLate, this.clock);
    } catch (cause) {
      this.loading = undefined;
      throw new KeyUnavailableError(
        'The key that names are hashed with cannot be had: nothing is sealed, erased or written to the audit until the data key store and the key provider answer.',
        { cause },
      );
    }
  }

  private async open(): Promise<NameKey> {
    const record = (await this.store.current(SCOPE)) ?? (await this.make());
    const wrapped = record?.wrapped ?? null;
    if (record === null || wrapped === null) throw new Error('It was destroyed.');
    return { id: record.keyId, secret: await this.wrapping.unwrap({ ...record, wrapped }) };
  }

  private async make(): Promise<DataKeyRecord | null> {
    const name = { keyId: newKeyId().toString('base64url'), scopeHash: SCOPE };
    const wrapped = await this.wrapping.wrap(name, randomBytes(32));
    const createdAt = new Date(this.clock.now());
    return this.store.add({ ...name, ...wrapped, generation: 1, createdAt });
  }
}
