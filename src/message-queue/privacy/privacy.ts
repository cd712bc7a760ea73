import type { AuditChain } from './audit/audit-chain.js';
import type { AppKeys } from './keys/app-keys.js';
import type { RewrapReport } from './keys/key-rotation.js';
import { resealAll } from './resealed-queue.js';
import type { ResealReport, SealedTexts } from './resealed-queue.js';
import { NoDataKeyStoreError } from './no-data-key-store.error.js';

/** Who asks, and why. */
export interface PrivacyCall {
  /** Id of the principal, or the name of a part of the app, for the audit. Default `app`. */
  readonly by?: string;
  /** A code of 1 to 64 small letters, digits and hyphens, not prose. */
  readonly reason?: string;
}

/** What a host does about the keys of its jobs. No call takes or returns a key. */
export class Privacy {
  constructor(
    private readonly keys: AppKeys,
    private readonly audit: AuditChain,
    private readonly textsOf: (queue: string) => SealedTexts,
  ) {}

  /**
   * Seals the stored jobs of a queue anew whose key is not the newest of its scope: derived from another key of the ring than the current one, or
   * of an older generation. All that is stored: waiting, delayed and dead jobs, results, schedules, and what this process has spooled. At
   * `left: 0` for every queue, and without a data key store, older ring keys may go. Safe while workers run; may be stopped, repeated, and
   * called twice at once.
   * @param queue name of a registered queue
   * @throws UnknownQueueError; KeyUnavailableError when the newest key is not to be had; AuditUnavailableError, and then nothing was done;
   * BrokerUnavailableError; signal.reason. What was done until then stays done
   */
  async reseal(queue: string, call: PrivacyCall = {}, signal?: AbortSignal): Promise<ResealReport> {
    const texts = this.textsOf(queue);
    const { by: actor = 'app', reason } = call;
    const target = await this.audit.target('queue', queue);
    return this.audit.audited(
      { actor, action: 'rewrap', target, queue, reason },
      () => resealAll(texts, signal),
      ({ resealed }) => resealed,
    );
  }

  /**
   * Wraps every data key with the current key of the ring, page by page, while everything runs. At `left: 0` older ring keys may go. May be
   * stopped, repeated, and called twice at once.
   * @throws NoDataKeyStoreError; AuditUnavailableError, and then nothing was done; what the store and the key provider throw; signal.reason
   */
  async rewrapKeys(call: PrivacyCall = {}, signal?: AbortSignal): Promise<RewrapReport> {
    const { stored } = this.keys;
    if (stored === null) {
      throw new NoDataKeyStoreError(
        'There are no data keys to wrap: without a DataKeyStore keys are derived from the ring, and reseal() moves the jobs of a queue to the current one. To wrap keys instead, plug one in: adapters: [...sqlStoreAdapters({ url })].',
      );
    }
    const { by: actor = 'app', reason } = call;
    const target = await this.audit.target('ring', 'current');
    return this.audit.audited(
      { actor, action: 'rewrap', target, reason },
      () => stored.rotation.rewrapKeys(signal),
      ({ rewrapped }) => rewrapped,
    );
  }
}
