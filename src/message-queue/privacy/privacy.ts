import type { ConversationStore } from '../ports/messages/conversation-store.js';
import type { AuditChain } from './audit/audit-chain.js';
import type { PrivacyCall } from './audit/privacy-call.js';
import { ShreddingUnavailableError } from './erasure/erasure-errors.js';
import { checkTarget } from './erasure/erasure-plan.js';
import type { ErasureReceipt } from './erasure/erasure-receipt.js';
import type { ErasureCall, Erasures } from './erasure/erasures.js';
import type { PendingErasures } from './erasure/pending-erasures.js';
import type { RecallReceipt } from './recall/recall-receipt.js';
import type { RecallCall, Recalls } from './recall/recalls.js';
import type { AppKeys } from './keys/app-keys.js';
import type { RewrapReport } from './keys/key-rotation.js';
import { resealAll } from './resealed-queue.js';
import type { ResealReport, SealedTexts } from './resealed-queue.js';
import type { JobReveal, RevealCall, RevealedJob } from './reveal/job-reveal.js';
import { NoDataKeyStoreError } from './keys/no-data-key-store.error.js';

/** What it is made of. */
export interface PrivacyParts {
  readonly keys: AppKeys;
  readonly audit: AuditChain;
  /** Null without a data key store. */
  readonly erasures: Erasures | null;
  readonly pending: PendingErasures | null;
  readonly recalls: Recalls | null;
  readonly conversations: ConversationStore;
  /** @throws UnknownQueueError */
  readonly textsOf: (queue: string) => SealedTexts;
  readonly jobs: JobReveal;
}

/** What a host does about the keys of its jobs, and about what must be erased. No call takes or returns a key. */
export class Privacy {
  constructor(private readonly parts: PrivacyParts) {}

  /**
   * Destroys a conversation's data keys, so that every sealed copy of it is unreadable from then on, backups of Redis included; aborts its
   * jobs, removes them, and everything that trace holders have of it. Whatever interrupts it, the same call goes on, and so does the job
   * `erase-traces` by itself. Nothing new of the conversation is stored after it.
   * @throws ShreddingUnavailableError without a DataKeyStore; LegalHoldError, InvalidErasureError, InvalidAuditEntryError,
   * AuditUnavailableError, and then nothing was changed; what a store throws, and then it goes on by itself; signal.reason
   */
  async shredConversation(
    conversationId: string,
    call: ErasureCall,
    signal: AbortSignal = NEVER,
  ): Promise<ErasureReceipt> {
    return (this.parts.erasures ?? refuse()).erase(
      { kind: 'conversation', id: conversationId },
      call,
      signal,
    );
  }

  /**
   * Erases a person: what they wrote, also in shared conversations, what was sent to them, their devices, contacts, preferences and
   * notifications, and conversations in which nobody else remains. What others wrote stays. What is under legal hold stays too and is
   * named in the receipt; it goes when the hold ends. Otherwise like {@link shredConversation}, which see.
   * @throws ShreddingUnavailableError, InvalidErasureError, InvalidAuditEntryError, AuditUnavailableError, and then nothing was changed; what a
   * store throws
   */
  async eraseSubject(
    subjectId: string,
    call: ErasureCall,
    signal: AbortSignal = NEVER,
  ): Promise<ErasureReceipt> {
    return (this.parts.erasures ?? refuse()).erase({ kind: 'subject', id: subjectId }, call, signal);
  }

  /**
   * Recalls a message: its jobs are aborted and removed, nobody sees it any more, devices that had it are told, and everything that trace
   * holders have of it goes. A legal hold keeps the text, hidden, until it ends. A message that nothing knows of yet may be recalled too: jobs
   * of it that come later end. Whatever interrupts it, the same call goes on, and so does the job `erase-traces` by itself.
   * @throws ShreddingUnavailableError, InvalidErasureError, InvalidAuditEntryError, AuditUnavailableError, and then nothing was changed; what a
   * store throws, and then it goes on by itself; signal.reason
   */
  async recallMessage(
    messageId: string,
    call: RecallCall,
    signal: AbortSignal = NEVER,
  ): Promise<RecallReceipt> {
    return (this.parts.recalls ?? refuse()).recall(messageId, call, signal);
  }

  /** The receipt of an erasure as it stands now; null when there is none. @throws what the store throws */
  async receipt(id: string, signal: AbortSignal = NEVER): Promise<ErasureReceipt | null> {
    return (this.parts.erasures ?? refuse()).receipt(id, signal);
  }

  /**
   * Puts a conversation under legal hold: nothing in it is removed by any clean-up or erasure.
   * @throws InvalidErasureError, InvalidAuditEntryError, AuditUnavailableError, and then nothing was changed; what the store throws
   */
  async hold(conversationId: string, call: PrivacyCall = {}, signal: AbortSignal = NEVER): Promise<void> {
    await this.held('hold', conversationId, call, () =>
      this.parts.conversations.setLegalHold(conversationId, true, signal),
    );
  }

  /**
   * Ends a legal hold, and goes on with the erasures that it kept.
   * @throws InvalidErasureError, InvalidAuditEntryError, AuditUnavailableError, and then nothing was changed; what a store throws, and then they
   * go on within the hour
   */
  async releaseHold(
    conversationId: string,
    call: PrivacyCall = {},
    signal: AbortSignal = NEVER,
  ): Promise<void> {
    await this.held('release', conversationId, call, () =>
      this.parts.conversations.setLegalHold(conversationId, false, signal),
    );
    await this.parts.erasures?.resumeHeldBy(conversationId, signal);
  }

  /**
   * Destroys again what the audit says was erased and the data key store does not know of, as after its restore from a backup. Workers do
   * so by themselves, at their start and every hour.
   * @returns how many tombstones were missing
   * @throws ShreddingUnavailableError; AuditUnavailableError; what the stores throw
   */
  async reapplyErasures({ by = 'app' }: PrivacyCall = {}, signal: AbortSignal = NEVER): Promise<number> {
    return (this.parts.pending ?? refuse()).reapply(by, signal);
  }

  /**
   * Opens one job: payload, result, progress and the full texts of its failures. It is written to the audit before it answers, and a reason is
   * required.
   * @param queue name of a registered queue
   * @throws InvalidAuditEntryError without a reason that is a code; AuditUnavailableError when it cannot be written down; UnknownQueueError,
   * JobNotFoundError; SealBrokenError; ScopeShreddedError when the key of its payload was destroyed; KeyUnavailableError; BrokerUnavailableError
   */
  revealJob(queue: string, id: string, call: RevealCall): Promise<RevealedJob> {
    return this.parts.jobs.reveal(queue, id, call);
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
    const texts = this.parts.textsOf(queue);
    const { by: actor = 'app', reason } = call;
    const target = await this.parts.audit.target('queue', queue);
    return this.parts.audit.audited(
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
    const { stored } = this.parts.keys;
    if (stored === null) {
      throw new NoDataKeyStoreError(
        'There are no data keys to wrap: without a DataKeyStore keys are derived from the ring, and reseal() moves the jobs of a queue to the current one. To wrap keys instead, plug one in: adapters: [...sqlStoreAdapters({ url })].',
      );
    }
    const { by: actor = 'app', reason } = call;
    const target = await this.parts.audit.target('ring', 'current');
    return this.parts.audit.audited(
      { actor, action: 'rewrap', target, reason },
      () => stored.rotation.rewrapKeys(signal),
      ({ rewrapped }) => rewrapped,
    );
  }

  private async held(
    action: 'hold' | 'release',
    conversationId: string,
    { by: actor = 'app', reason }: PrivacyCall,
    act: () => Promise<void>,
  ): Promise<void> {
    checkTarget({ kind: 'conversation', id: conversationId });
    const target = await this.parts.audit.target('conversation', conversationId);
    await this.parts.audit.audited({ actor, action, target, reason }, act);
  }
}

const NEVER = new AbortController().signal;

function refuse(): never {
  throw new ShreddingUnavailableError(
    'Nothing can be erased for good here: without a DataKeyStore keys are derived from the ring, and cannot be destroyed. Plug one in: adapters: [...sqlStoreAdapters({ url })], from nestjs-message-queue/adapters/sql.',
  );
}
