import type { AuditChain } from './audit/audit-chain.js';
import type { PrivacyCall } from './audit/privacy-call.js';
import type { AppKeys } from './keys/app-keys.js';
import type { RewrapReport } from './keys/key-rotation.js';
import { resealAll } from './resealed-queue.js';
import type { ResealReport, SealedTexts } from './resealed-queue.js';
import type { JobReveal, RevealCall, RevealedJob } from './reveal/job-reveal.js';
import { NoDataKeyStoreError } from './no-data-key-store.error.js';

/** What a host does about the keys of its jobs. No call takes or returns a key. */
export class Privacy {
  constructor(
    private readonly keys: AppKeys,
    private readonly audit: AuditChain,
    private readonly textsOf: (queue: string) => SealedTexts,
    private readonly jobs: JobReveal,
  ) {}

  /**
   * Opens one job: payload, result, progress and the full texts of its failures. It is written to the audit before it answers, and a reason is
   * required.
   * @param queue name of a registered queue
   * @throws InvalidAuditEntryError without a reason that is a code; AuditUnavailableError when it cannot be written down; UnknownQueueError,
   * JobNotFoundError; SealBrokenError; ScopeShreddedError when the key of its payload was destroyed; KeyUnavailableError; BrokerUnavailableError
   */
  revealJob(queue: string, id: string, call: RevealCall): Promise<RevealedJob> {
    return this.jobs.reveal(queue, id, call);
  }

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
