import type { Clock } from '../../../kernel/time/clock.js';
import { KeyUnavailableError } from '../../jobs/sealing/sealing-errors.js';
import type { KeyProvider } from '../../ports/encryption/key-provider.js';
import { KeyCache } from './key-cache.js';
import type { KeyCacheLimits } from './key-cache.js';
import type { NameKey } from './name-keys.js';
import { ringNameKey } from './ring-name-keys.js';

/** Keys that the ring may have where jobs are sealed: an add with an idempotency key looks under a name for each. */
export const MOST_RING_KEYS = 4;

/** The one entry of the cache. */
const RING = 'ring';

/** The keys that idempotency keys are hashed with: one for each key of the ring, that of the current one first. */
export class LedgerKeys {
  private readonly cache: KeyCache<readonly NameKey[]>;

  constructor(
    private readonly ring: KeyProvider,
    clock: Clock,
    limits: KeyCacheLimits,
  ) {
    const load = (_name: string, _previous: unknown, signal: AbortSignal): Promise<readonly NameKey[]> =>
      this.load(signal);
    this.cache = new KeyCache<readonly NameKey[]>({ clock, limits, load, isFinal: () => false });
  }

  /** Undefined while they are not at hand. */
  now(): readonly NameKey[] | undefined {
    return this.cache.now(RING);
  }

  /** @throws KeyUnavailableError */
  async get(): Promise<readonly NameKey[]> {
    try {
      return (await this.cache.get(RING)) ?? [];
    } catch (cause) {
      throw new KeyUnavailableError(
        'The keys that idempotency keys are hashed with cannot be had: the key provider does not give all of its keys. Nothing was stored; the same call is safe.',
        { cause },
      );
    }
  }

  private async load(signal: AbortSignal): Promise<readonly NameKey[]> {
    const ids = await this.ring.ids(signal);
    const keys = await Promise.all(ids.map((id) => this.ring.byId(id, signal)));
    return keys.flatMap((key) => (key === null ? [] : [ringNameKey(key, 'mq ledger')]));
  }
}
