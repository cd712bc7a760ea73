import { KeyUnavailableError } from '../../jobs/sealing/sealing-errors.js';
import type { KeyProvider } from '../../ports/encryption/key-provider.js';
import type { DataKeyRecord, DataKeyStore, WrappedCount } from '../../ports/privacy/data-key-store.js';
import type { KeyWrapping } from './key-wrapping.js';

/** What a rotation did. */
export interface RewrapReport {
  /** Data keys that this call wrapped with the current key of the ring. */
  readonly rewrapped: number;
  /** Data keys that another key of the ring still wraps. At 0, older ring keys may go, unless messages are encrypted with them. */
  readonly left: number;
}

const PAGE = 500;
/** Keys that are replaced at the same time: fewer than a pool of connections has. */
const AT_ONCE = 5;

/** Moves data keys from one key of the ring to another, and tells which keys of the ring are still needed. */
export class KeyRotation {
  constructor(
    private readonly store: DataKeyStore,
    private readonly ring: KeyProvider,
    private readonly wrapping: KeyWrapping,
  ) {}

  /**
   * Wraps every data key with the current key of the ring, page by page. Jobs need no touch. Two at once, or one that is done again after it was
   * stopped, do no harm: a key is replaced only if it still is what was read.
   * @throws what the store and the key provider throw; signal.reason. What was done until then stays done
   */
  async rewrapKeys(signal?: AbortSignal): Promise<RewrapReport> {
    const [current = ''] = await this.ring.ids(signal);
    let rewrapped = 0;
    let cursor: string | undefined;
    do {
      signal?.throwIfAborted();
      const page = await this.store.listNotWrappedBy(current, { limit: PAGE, cursor }, signal);
      for (let at = 0; at < page.items.length; at += AT_ONCE) {
        const some = page.items.slice(at, at + AT_ONCE).map((record) => this.rewrap(record, signal));
        rewrapped += (await Promise.all(some)).filter(Boolean).length;
      }
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    const counts = await this.store.countByRingKey(signal);
    return { rewrapped, left: sumOf(counts.filter(({ ringKeyId }) => ringKeyId !== current)) };
  }

  /** Ring keys that wrap data keys and that the key provider does not know: what they wrap opens nowhere until they are back. */
  async missingRingKeys(signal?: AbortSignal): Promise<readonly WrappedCount[]> {
    const counts = await this.store.countByRingKey(signal);
    if (counts.length === 0) return [];
    const ids = await this.ring.ids(signal);
    return counts.filter(({ ringKeyId }) => !ids.includes(ringKeyId));
  }

  private async rewrap(record: DataKeyRecord, signal: AbortSignal | undefined): Promise<boolean> {
    const { keyId, wrapped } = record;
    if (wrapped === null) return false;
    const secret = await this.opened({ ...record, wrapped }, signal);
    if (secret === null) return false;
    try {
      const next = await this.wrapping.wrap(record, secret, signal);
      return await this.store.rewrap(keyId, wrapped, next, signal);
    } finally {
      secret.fill(0);
    }
  }

  /** Null for a key that the ring does not open: it is left, and the others need not wait for it. */
  private async opened(
    record: DataKeyRecord & { readonly wrapped: string },
    signal: AbortSignal | undefined,
  ): Promise<Buffer | null> {
    try {
      return await this.wrapping.unwrap(record, signal);
    } catch (error) {
      if (error instanceof KeyUnavailableError) return null;
      throw error;
    }
  }
}

function sumOf(counts: readonly WrappedCount[]): number {
  return counts.reduce((total, { keys }) => total + keys, 0);
}
