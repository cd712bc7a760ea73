import { Processor } from '@nestjs/bull';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import type { JobContext } from '../../handlers/job-context.js';
import { JobHandler } from '../../handlers/job-handler.decorator.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { EncryptedContentStore } from '../../ports/encryption/encrypted-content-store.js';
import type { EncryptedContent } from '../../ports/encryption/encrypted-content-store.js';
import type { EncryptionAlgorithm } from '../../ports/encryption/encryption-algorithm.js';
import { MessageCipher } from '../../ports/encryption/message-cipher.js';
import { Dependency, guardedPort } from '../guarded-port.js';
import { claimedTime } from '../../ports/messages/claimed-time.js';
import { contentVersion } from '../content-version.js';
import { DELETED, DeletionGate } from '../deletion-gate.js';
import { EncryptionJobDto, EncryptionOperation } from './encryption-job.dto.js';
import { ENCRYPTION_QUEUE } from './encryption.queue.js';

/** Result of `encrypt-decrypt`: what was done with which key. The content itself is in the EncryptedContentStore. */
export interface EncryptionResult {
  readonly messageId: string;
  readonly operation: EncryptionOperation;
  /** Null when it was dropped; so is the key. */
  readonly algorithm: EncryptionAlgorithm | null;
  readonly keyId: string | null;
  /** `stale`: the store has newer content of this message, the result was dropped. `dropped`: what it is about was deleted; nothing was done. */
  readonly outcome: 'saved' | 'stale' | 'dropped';
  /** Why it was dropped. */
  readonly reason?: string;
}

/** Handles `message-encryption`. Safe to run twice; neither results nor errors carry content. */
@Processor(ENCRYPTION_QUEUE.name)
export class MessageEncryptionProcessor {
  private readonly contents: EncryptedContentStore;

  constructor(
    private readonly cipher: MessageCipher,
    contents: EncryptedContentStore,
    breakers: CircuitBreakers,
    private readonly deletions: DeletionGate,
  ) {
    this.contents = guardedPort(contents, Dependency.STORE, breakers);
  }

  /**
   * Seals, opens or re-seals one message's content.
   * @throws MalformedEnvelopeError, UnknownAlgorithmError, UnknownKeyError, WrongKeyError, TamperedContentError; all unrecoverable
   */
  @JobHandler(ENCRYPTION_QUEUE, 'encrypt-decrypt')
  async processEncryption(payload: EncryptionJobDto, context: JobContext): Promise<EncryptionResult> {
    await context.progress({ percentage: 10, step: 'validation', currentStep: 1, totalSteps: 3 });
    context.signal.throwIfAborted();
    const { messageId, operation } = payload;
    if (await this.deletions.isShut(payload, context)) {
      await context.progress({ percentage: 100, step: 'dropped', currentStep: 3, totalSteps: 3 });
      return { messageId, operation, algorithm: null, keyId: null, outcome: 'dropped', reason: DELETED };
    }
    const done = await this.perform(payload, context);
    await context.progress({ percentage: 100, step: 'complete', currentStep: 3, totalSteps: 3 });
    return { messageId: payload.messageId, operation: payload.operation, ...done };
  }

  private perform(payload: EncryptionJobDto, context: JobContext): ReturnType<typeof this.encrypt> {
    switch (payload.operation) {
      case EncryptionOperation.ENCRYPT:
        return this.encrypt(payload, context);
      case EncryptionOperation.DECRYPT:
        return this.decrypt(payload, context);
      case EncryptionOperation.REENCRYPT:
        return this.reencrypt(payload, context);
    }
  }

  private async encrypt(
    payload: EncryptionJobDto,
    context: JobContext,
  ): Promise<Pick<EncryptionResult, 'algorithm' | 'keyId' | 'outcome'>> {
    const { messageId, conversationId, algorithm, keyId } = payload;
    const request = { messageId, content: payload.content ?? '', algorithm, keyId };
    const sealed = await this.cipher.seal(request, context.signal);
    await context.progress({ percentage: 60, step: 'storing', currentStep: 2, totalSteps: 3 });
    const content = { messageId, conversationId, ...sealed, ...timesOf(payload, context) };
    const outcome = await this.contents.saveEncrypted(content, context.signal);
    return { algorithm: sealed.algorithm, keyId: sealed.keyId, outcome };
  }

  private async decrypt(
    payload: EncryptionJobDto,
    context: JobContext,
  ): Promise<Pick<EncryptionResult, 'algorithm' | 'keyId' | 'outcome'>> {
    const { messageId, content: given } = payload;
    const {
      envelope,
      version,
      writtenAt,
      conversationId: known,
    } = given === undefined
      ? await this.stored(messageId, context)
      : { envelope: given, ...timesOf(payload, context), conversationId: undefined };
    const opened = await this.cipher.open({ messageId, envelope }, context.signal);
    await context.progress({ percentage: 60, step: 'storing', currentStep: 2, totalSteps: 3 });
    const conversationId = payload.conversationId ?? known;
    const content = { messageId, conversationId, content: opened.content, version, writtenAt };
    const outcome = await this.contents.saveDecrypted(content, context.signal);
    return { algorithm: opened.algorithm, keyId: opened.keyId, outcome };
  }

  private async reencrypt(
    payload: EncryptionJobDto,
    context: JobContext,
  ): Promise<Pick<EncryptionResult, 'algorithm' | 'keyId' | 'outcome'>> {
    const { messageId, keyId } = payload;
    const old = await this.stored(messageId, context);
    const opened = await this.cipher.open({ messageId, envelope: old.envelope }, context.signal);
    const algorithm = payload.algorithm ?? old.algorithm;
    const request = { messageId, content: opened.content, algorithm, keyId };
    const sealed = await this.cipher.seal(request, context.signal);
    await context.progress({ percentage: 60, step: 'storing', currentStep: 2, totalSteps: 3 });
    const conversationId = payload.conversationId ?? old.conversationId;
    const content = { messageId, conversationId, ...sealed, version: old.version, writtenAt: old.writtenAt };
    const replaced = await this.contents.replaceEncrypted(old.envelope, content, context.signal);
    return { algorithm: sealed.algorithm, keyId: sealed.keyId, outcome: replaced ? 'saved' : 'stale' };
  }

  private async stored(messageId: string, context: JobContext): Promise<EncryptedContent> {
    const stored = await this.contents.findEncrypted(messageId, context.signal);
    if (stored !== null) return stored;
    throw new UnrecoverableJobError(
      `There is no stored envelope of message ${messageId}: encrypt it first, or give the envelope as "content".`,
      { queue: context.queue, job: context.jobName, jobId: context.jobId },
    );
  }
}

/** An edit is named by its time. */
function timesOf(
  { updatedAt, createdAt }: EncryptionJobDto,
  { addedAt }: JobContext,
): Pick<EncryptedContent, 'version' | 'writtenAt'> {
  return {
    version: contentVersion(updatedAt ?? createdAt, addedAt, updatedAt !== undefined),
    writtenAt: claimedTime(createdAt, addedAt),
  };
}
