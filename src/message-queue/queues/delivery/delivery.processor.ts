import { Processor } from '@nestjs/bull';
import { guardListeners } from '../../../kernel/host/guarded-signal.js';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { Clock } from '../../../kernel/time/clock.js';
import type { JobContext } from '../../handlers/job-context.js';
import { JobHandler } from '../../handlers/job-handler.decorator.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { claimedTime } from '../../ports/messages/claimed-time.js';
import type { DeliveryStatus } from '../../ports/messages/delivery-status.js';
import { MessageCipher } from '../../ports/encryption/message-cipher.js';
import { CancelledError, InvalidPayloadError, JobExpiredError } from '../../jobs/errors.js';
import type { JobEnd, JobEndListener } from '../../jobs/events/job-end.js';
import { MessageStore, UnknownMessageError } from '../../ports/messages/message-store.js';
import type { MessageToSave, StatusOutcome } from '../../ports/messages/message-store.js';
import { MessageTransport } from '../../ports/messages/message-transport.js';
import { Dependency, guardedPort } from '../guarded-port.js';
import { DELETED, DeletionGate } from '../deletion-gate.js';
import { toDate } from '../payload-fields.js';
import { DeliveryConfirmationJobDto } from './delivery-confirmation-job.dto.js';
import { MessageSaving } from './message-saving.js';
import { failureReasonOf } from './failure-reason.js';
import { SendMessageJobDto } from './send-message-job.dto.js';
import { DELIVERY_QUEUE } from './delivery.queue.js';

/** Result of `send-message`. */
export interface SendMessageResult {
  readonly messageId: string;
  readonly recipientId: string;
  /** `pending`: the recipient is offline, the message waits in the store. */
  readonly status: DeliveryStatus;
  readonly encrypted: boolean;
  /** An earlier run had sent it; nothing was sent now. */
  readonly repeated: boolean;
  /** Why the message was neither stored nor sent, where it was not. */
  readonly dropped?: string;
  /** Why the recipient's endpoint takes nothing more, where `status` is `failed`. */
  readonly reason?: string;
}

/** Result of `delivery-confirmation`. */
export interface DeliveryConfirmationResult {
  readonly messageId: string;
  readonly recipientId: string;
  readonly status: DeliveryStatus;
  readonly outcome: StatusOutcome;
}

const STATUS_OF = { offline: 'pending', sent: 'sent', delivered: 'delivered', refused: 'failed' } as const;
const RECORD_FAILURE_WITHIN_MS = 2_000;

/** Handles `message-delivery`. Safe to run twice: a repeat carries the same message id, and a status never goes back. */
@Processor(DELIVERY_QUEUE.name)
export class MessageDeliveryProcessor implements JobEndListener {
  private readonly logger = new SafeLogger(MessageDeliveryProcessor.name);
  private readonly transport: MessageTransport;
  private readonly messages: MessageStore;
  private readonly saving: MessageSaving;

  constructor(
    transport: MessageTransport,
    messages: MessageStore,
    cipher: MessageCipher,
    private readonly clock: Clock,
    breakers: CircuitBreakers,
    private readonly deletions: DeletionGate,
  ) {
    this.transport = guardedPort(transport, Dependency.TRANSPORT, breakers);
    this.messages = guardedPort(messages, Dependency.STORE, breakers);
    this.saving = new MessageSaving(this.messages, cipher);
  }

  /**
   * Stores a message, sealed first when it asks for it, and hands it to the recipient. An offline recipient is a success: the
   * message waits as `pending`. One from before the deletion of its conversation is dropped.
   */
  @JobHandler(DELIVERY_QUEUE, 'send-message')
  processSendMessage(payload: SendMessageJobDto, context: JobContext): Promise<SendMessageResult> {
    return this.send(payload, context);
  }

  /**
   * However a message's job ends without success, in a dead letter, cancelled or expired, the recipient's status says `failed` and why,
   * whether or not the message had been stored.
   */
  async onJobEnd(end: JobEnd): Promise<void> {
    if (end.job !== 'send-message' || end.outcome === 'completed' || end.outcome === 'shredded') return;
    try {
      await this.recordFailure(end.payload as Partial<SendMessageJobDto> | undefined, errorOf(end));
    } catch (recordingError) {
      this.logger.warn(
        `Could not record the failure of job ${end.jobId} as its message's status: ${failureReasonOf(recordingError)}`,
      );
    }
  }

  /**
   * Moves a recipient's status forward; a late confirmation changes nothing.
   * @throws UnknownMessageError when the message is not stored for this recipient; worth a retry, it may be on its way
   */
  @JobHandler(DELIVERY_QUEUE, 'delivery-confirmation')
  async processDeliveryConfirmation(
    payload: DeliveryConfirmationJobDto,
    context: JobContext,
  ): Promise<DeliveryConfirmationResult> {
    const { messageId, recipientId, status } = payload;
    await context.progress({ percentage: 10, step: 'updating', currentStep: 1, totalSteps: 2 });
    context.signal.throwIfAborted();
    const at = claimedTime(payload.occurredAt ?? payload.createdAt, context.addedAt);
    const outcome = await this.messages.advanceStatus(
      { messageId, recipientId, status, at, reason: payload.failureReason },
      context.signal,
    );
    if (outcome === 'unknown') {
      throw new UnknownMessageError(
        `Message ${messageId} is not stored for recipient ${recipientId}, so "${status}" cannot be recorded. ` +
          'Confirm only messages that went through "send-message".',
        { queue: context.queue, job: context.jobName, jobId: context.jobId },
      );
    }
    if (outcome === 'advanced') await this.announce({ messageId, recipientId, status, at }, context);
    await context.progress({ percentage: 100, step: 'complete', currentStep: 2, totalSteps: 2 });
    return { messageId, recipientId, status, outcome };
  }

  private async send(payload: SendMessageJobDto, context: JobContext): Promise<SendMessageResult> {
    const { messageId, recipientId } = payload;
    const encrypted = payload.requiresEncryption === true;
    await context.progress({ percentage: 10, step: 'validation', currentStep: 1, totalSteps: 3 });
    context.signal.throwIfAborted();
    const { conversationId, createdAt } = payload;
    if (await this.deletions.isShut({ messageId, conversationId, createdAt }, context)) {
      await context.progress({ percentage: 100, step: 'dropped', currentStep: 3, totalSteps: 3 });
      return { messageId, recipientId, status: 'failed', encrypted, repeated: false, dropped: DELETED };
    }
    const earlier = await this.messages.findStatus(messageId, recipientId, context.signal);
    // Saved before it is sent: a recipient who connects in between finds it among the pending ones. Of a repeat this says whether it is one.
    const message = await this.saving.save(
      messageOf(payload, payload.content, context.addedAt),
      context.signal,
    );
    if (earlier !== null && earlier.status !== 'pending' && earlier.status !== 'failed') {
      await context.progress({ percentage: 100, step: 'complete', currentStep: 3, totalSteps: 3 });
      return { messageId, recipientId, status: earlier.status, encrypted, repeated: true };
    }

    await context.progress({ percentage: 40, step: 'sending', currentStep: 2, totalSteps: 3 });
    context.signal.throwIfAborted();
    const receipt = await this.transport.deliver(message, context.signal);
    const status = STATUS_OF[receipt.outcome];
    const reason = receipt.outcome === 'refused' ? receipt.reason : undefined;
    // A replayed dead letter whose recipient is offline waits again; any other is pending already.
    if (status !== 'pending' || earlier?.status === 'failed') {
      const at = new Date(this.clock.now());
      const outcome = await this.messages.advanceStatus(
        { messageId, recipientId, status, at, reason },
        context.signal,
      );
      if (outcome === 'advanced') await this.announce({ messageId, recipientId, status, at }, context);
    }
    await context.progress({ percentage: 100, step: 'complete', currentStep: 3, totalSteps: 3 });
    return {
      messageId,
      recipientId,
      status,
      encrypted,
      repeated: false,
      ...(reason !== undefined && { reason }),
    };
  }

  private async announce(
    change: { messageId: string; recipientId: string; status: DeliveryStatus; at: Date },
    { signal, logger }: Pick<JobContext, 'signal' | 'logger'>,
  ): Promise<void> {
    try {
      if (this.transport.announceStatus === undefined) return;
      const message = await this.messages.find(change.messageId, signal);
      if (message === null) return;
      const { conversationId, senderId } = message;
      await this.transport.announceStatus({ ...change, conversationId, senderId }, signal);
    } catch (error) {
      // The status is stored; clients read it on their next load.
      logger.warn(`Could not announce "${change.status}": ${failureReasonOf(error)}`);
    }
  }

  /** @param payload as it was stored: it may never have been valid */
  private async recordFailure(payload: Partial<SendMessageJobDto> | undefined, error: Error): Promise<void> {
    const { messageId, recipientId } = payload ?? {};
    if (typeof messageId !== 'string' || typeof recipientId !== 'string') return;
    const at = new Date(this.clock.now());
    const signal = guardListeners(AbortSignal.timeout(RECORD_FAILURE_WITHIN_MS), (thrown) =>
      this.logger.error(`A listener on the signal of a recorded failure failed: ${failureReasonOf(thrown)}`),
    );
    if (await this.isOfAnother(payload as SendMessageJobDto, signal)) return;
    const change = { messageId, recipientId, status: 'failed', at, reason: failureReasonOf(error) } as const;
    let outcome = await this.messages.advanceStatus(change, signal);
    if (outcome === 'unknown' && !(error instanceof InvalidPayloadError)) {
      const message = payload as SendMessageJobDto;
      // What should have been sealed and was not is never stored as it is.
      const content = message.requiresEncryption === true ? '' : message.content;
      await this.messages.save(messageOf(message, content, at), signal);
      outcome = await this.messages.advanceStatus(change, signal);
    }
    if (outcome !== 'advanced') return;
    await this.announce({ messageId, recipientId, status: 'failed', at }, { signal, logger: this.logger });
  }

  /** Whether the job's id is that of another message, whose recipients are not to be told that it failed. */
  private async isOfAnother(payload: SendMessageJobDto, signal: AbortSignal): Promise<boolean> {
    const stored = await this.messages.find(payload.messageId, signal);
    if (stored === null) return false;
    const message = messageOf(payload, payload.content, new Date(this.clock.now()));
    // Where nobody can open it, it is the job's own: only that is sure to happen.
    return !(await this.saving.isSame(stored, message, signal).catch(() => true));
  }
}

function errorOf(end: Exclude<JobEnd, { readonly outcome: 'completed' | 'shredded' }>): Error {
  switch (end.outcome) {
    case 'dead-letter':
      return end.error;
    case 'cancelled':
      return new CancelledError(end.reason);
    case 'expired':
      return new JobExpiredError('It was not sent in time.');
  }
}

/** @param receivedAt when the server did */
function messageOf(payload: SendMessageJobDto, content: string, receivedAt: Date): MessageToSave {
  const { messageId, senderId, recipientId, conversationId } = payload;
  return {
    ...{ messageId, senderId, recipientId, conversationId, content },
    encrypted: payload.requiresEncryption === true,
    attachments: (payload.attachments ?? []).map(({ id, fileName, contentType, sizeBytes, url }) => ({
      ...{ id, fileName, contentType, sizeBytes, url },
    })),
    batchId: payload.batchId ?? null,
    createdAt: toDate(payload.createdAt),
    receivedAt,
  };
}
