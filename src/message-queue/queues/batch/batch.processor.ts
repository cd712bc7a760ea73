import { setImmediate } from 'node:timers/promises';
import { Processor } from '@nestjs/bull';
import { Clock } from '../../../kernel/time/clock.js';
import { RetryLater, UnrecoverableJobError } from '../../jobs/errors.js';
import type { JobContext } from '../../handlers/job-context.js';
import { JobHandler } from '../../handlers/job-handler.decorator.js';
import type { JobEnd, JobEndListener } from '../../jobs/events/job-end.js';
import { MessageCipher } from '../../ports/encryption/message-cipher.js';
import { claimedTime } from '../../ports/messages/claimed-time.js';
import { BatchProgressStore } from '../../ports/messages/batch-progress-store.js';
import type { BatchProgress } from '../../ports/messages/batch-progress-store.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { DeliveryDispatch } from '../../ports/messages/delivery-dispatch.js';
import type { DispatchedMessage } from '../../ports/messages/delivery-dispatch.js';
import { TemplateRenderer, UnknownTemplateError } from '../../ports/notifications/template-renderer.js';
import { Dependency, guardedPort } from '../guarded-port.js';
import { BatchMessageJobDto } from './batch-message-job.dto.js';
import { BatchBeginning } from './batch-beginning.js';
import { batchMessageId, planBatch } from './batch-plan.js';
import type { BatchPlan } from './batch-plan.js';
import { pause } from './pause.js';
import { BATCH_QUEUE } from './batch.queue.js';

/** Result of `batch-send`. */
export interface BatchResult {
  readonly batchId: string;
  readonly segment: number;
  readonly chunks: number;
  /** Messages put into the delivery queue. */
  readonly sent: number;
  /** Refused by the delivery queue, or without a variable that the template needs. */
  readonly failed: number;
  /** Recipients named more than once. */
  readonly skipped: number;
  /** Another job had sent the same batch; nothing was sent now. */
  readonly repeated?: true;
  /** Who got nothing in this run and why, at most 50 of them. Left out when there are none. */
  readonly refused?: readonly RefusedRecipient[];
}

/** A recipient whom a batch left out. */
export interface RefusedRecipient {
  readonly recipientId: string;
  /** Code of the error, and what it says without content. At most 200 characters. */
  readonly reason: string;
}

const LONGEST_MARGIN_MS = 5_000;
const ABANDON_WITHIN_MS = 2_000;
const MOST_NAMED = 50;

/**
 * Handles `batch-message-sending`. A repeat starts at the chunk that was reached, and message ids are made from batch and
 * recipient, so nobody gets a batch twice. A batch that outlasts its timeout continues in another run without spending an attempt.
 */
@Processor(BATCH_QUEUE.name)
export class BatchMessageProcessor implements JobEndListener {
  private readonly progress: BatchProgressStore;
  private readonly beginning: BatchBeginning;

  constructor(
    private readonly dispatch: DeliveryDispatch,
    progress: BatchProgressStore,
    private readonly templates: TemplateRenderer,
    private readonly clock: Clock,
    breakers: CircuitBreakers,
    cipher: MessageCipher,
  ) {
    this.progress = guardedPort(progress, Dependency.STORE, breakers);
    this.beginning = new BatchBeginning(this.progress, cipher);
  }

  /**
   * Hands one message per recipient to the delivery queue, chunk by chunk; stops between chunks when it is cancelled.
   * @throws RetryLater when the delivery queue takes no more for now or the deadline is near
   */
  @JobHandler(BATCH_QUEUE, 'batch-send')
  async processBatch(payload: BatchMessageJobDto, context: JobContext): Promise<BatchResult> {
    const plan = planBatch(payload, context.jobId);
    const begun = await this.beginning.of(payload, plan, context, this.now());
    const refused: RefusedRecipient[] = [];
    let state = begun;
    const marginMs = Math.min(LONGEST_MARGIN_MS, this.leftMs(context) / 10);
    while (state.chunksDone < state.totalChunks) {
      context.signal.throwIfAborted();
      if (this.leftMs(context) <= marginMs)
        throw new RetryLater(1, 'The deadline is near; the batch continues.');
      state = await this.sendChunk(payload, plan, state, context, refused);
      await this.progress.save(state, context.signal);
      await this.report(state, context);
      const pauseMs = payload.chunkDelay ?? 0;
      if (state.chunksDone < state.totalChunks && pauseMs > 0) await this.rest(pauseMs, marginMs, context);
    }
    await this.report(state, context);
    const { batchId, segment, totalChunks, failed, skipped } = state;
    const named = refused.slice(0, MOST_NAMED);
    const repeated = begun.chunksDone === begun.totalChunks && BatchBeginning.isOfAnother(begun, context);
    return {
      ...{ batchId, segment, chunks: totalChunks, sent: repeated ? 0 : state.sent, failed, skipped },
      ...(repeated && { repeated }),
      ...(named.length > 0 && { refused: named }),
    };
  }

  /** A job that ends before its first chunk leaves the name of its batch to whoever comes next. */
  async onJobEnd({ job, outcome, jobId, payload }: JobEnd): Promise<void> {
    if (job !== 'batch-send' || outcome === 'completed') return;
    const { batchId = jobId, segment = 0 } = (payload ?? {}) as Partial<BatchMessageJobDto>;
    if (typeof batchId !== 'string' || typeof segment !== 'number') return;
    await this.progress.abandon(batchId, segment, jobId, AbortSignal.timeout(ABANDON_WITHIN_MS));
  }

  private now(): Date {
    return new Date(this.clock.now());
  }

  private leftMs(context: JobContext): number {
    return context.deadline - this.clock.now();
  }

  private async rest(pauseMs: number, marginMs: number, context: JobContext): Promise<void> {
    if (this.leftMs(context) - pauseMs <= marginMs) {
      throw new RetryLater(pauseMs, 'The pause would pass the deadline; the batch continues after it.');
    }
    await pause(this.clock, pauseMs, context.signal);
  }

  private async sendChunk(
    payload: BatchMessageJobDto,
    plan: BatchPlan,
    state: BatchProgress,
    context: JobContext,
    refused: RefusedRecipient[],
  ): Promise<BatchProgress> {
    const recipients = plan.chunks[state.chunksDone] ?? [];
    const { messages, without } = await this.messagesFor(payload, plan, recipients, context);
    const outcomes = messages.length === 0 ? [] : await this.dispatch.dispatchMany(messages, context.signal);
    const left = [...without];
    let retryAfterMs = 0;
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.outcome === 'retry') retryAfterMs = Math.max(retryAfterMs, outcome.retryAfterMs, 1);
      if (outcome.outcome !== 'rejected') continue;
      left.push({ recipientId: messages[index]?.recipientId ?? '', reason: outcome.reason.slice(0, 200) });
    }
    // The whole chunk again: what is queued already has the same ids.
    if (retryAfterMs > 0) throw new RetryLater(retryAfterMs, 'The delivery queue takes no more for now.');
    if (left.length > 0)
      context.logger.warn(`${left.length} of ${recipients.length} messages of a chunk were refused.`);
    if (refused.length < MOST_NAMED) refused.push(...left);
    return {
      ...state,
      chunksDone: state.chunksDone + 1,
      sent: state.sent + recipients.length - left.length,
      failed: state.failed + left.length,
      savedAt: this.now(),
    };
  }

  /** Leaves out recipients whose variables cannot fill the template. */
  private async messagesFor(
    payload: BatchMessageJobDto,
    plan: BatchPlan,
    recipients: readonly string[],
    context: JobContext,
  ): Promise<{ readonly messages: DispatchedMessage[]; readonly without: RefusedRecipient[] }> {
    const messages: DispatchedMessage[] = [];
    const without: RefusedRecipient[] = [];
    for (const recipientId of recipients) {
      const content = await this.contentFor(payload, recipientId, context.signal);
      if (typeof content !== 'string') {
        without.push({ recipientId, reason: content.code });
        continue;
      }
      messages.push({
        messageId: batchMessageId(plan.batchId, recipientId),
        senderId: payload.senderId,
        recipientId,
        conversationId: plan.conversationOf(recipientId),
        content,
        batchId: plan.batchId,
        createdAt: claimedTime(payload.createdAt, context.addedAt),
        requiresEncryption: payload.requiresEncryption === true,
      });
    }
    return { messages, without };
  }

  /** @returns the error when only this recipient's values are wrong */
  private async contentFor(
    payload: BatchMessageJobDto,
    recipientId: string,
    signal: AbortSignal,
  ): Promise<string | UnrecoverableJobError> {
    if (payload.template === undefined) return payload.content ?? '';
    // A renderer may compute without a pause; a chunk of them in one turn would keep locks from being renewed.
    await setImmediate();
    signal.throwIfAborted();
    const own = payload.recipientVariables;
    const mine = own !== undefined && Object.hasOwn(own, recipientId) ? own[recipientId] : {};
    try {
      const variables = { ...payload.variables, ...mine };
      return (await this.templates.render(payload.template, variables, signal)).text;
    } catch (error) {
      // What is wrong with one recipient's values must not keep the message from all others.
      if (error instanceof UnrecoverableJobError && !(error instanceof UnknownTemplateError)) return error;
      throw error;
    }
  }

  private async report(state: BatchProgress, context: JobContext): Promise<void> {
    const { chunksDone, totalChunks, sent, failed, skipped } = state;
    await context.progress({
      percentage: totalChunks === 0 ? 100 : Math.floor((chunksDone / totalChunks) * 100),
      step: chunksDone === totalChunks ? 'complete' : 'sending',
      currentStep: chunksDone,
      totalSteps: totalChunks,
      data: { sent, failed, skipped },
    });
  }
}
