import type { AuditChain } from './audit/audit-chain.js';
import type { AppKeys } from './keys/app-keys.js';
import type { RewrapReport } from './keys/key-rotation.js';
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
  ) {}

  /**
   * Wraps every data key with the current key of the ring, page by page, while everything runs. At `left: 0` older ring keys may go. May be
   * stopped, repeated, and called twice at once.
   * @throws NoDataKeyStoreError; AuditUnavailableError, and then nothing was done; what the store and the key provider throw; signal.reason
   */
  async rewrapKeys(call: PrivacyCall = {}, signal?: AbortSignal): Promise<RewrapReport> {
    const { stored } = this.keys;
    if (stored === null) {
      throw new NoDataKeyStoreError(
        'There are no data keys to wrap: without a DataKeyStore keys are derived from the ring, and jobs that were sealed need the ring key of then. Plug one in: adapters: [...sqlStoreAdapters({ url })].',
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
