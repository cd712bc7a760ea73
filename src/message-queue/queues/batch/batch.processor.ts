import { setImmediate } from 'node:timers/promises';
import { Processor } from '@nestjs/bull';
import { Clock } from '../../../kernel/time/clock.js';
import { RetryLater, UnrecoverableJobError } from '../../jobs/errors.js';
import type { JobContext } from '../../handlers/job-context.js';
import { JobHandler } from '../../handlers/job-handler.decorator.js';
import { BatchProgressStore } from '../../ports/messages/batch-progress-store.js';
import type { BatchProgress } from '../../ports/messages/batch-progress-store.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { DeliveryDispatch } from '../../ports/messages/delivery-dispatch.js';
import type { DispatchedMessage } from '../../ports/messages/delivery-dispatch.js';
import { TemplateRenderer, UnknownTemplateError } from '../../ports/notifications/template-renderer.js';
import { Dependency, guardedPort } from '../guarded-port.js';
import { toDate } from '../payload-fields.js';
import { BatchMessageJobDto } from './batch-message-job.dto.js';
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
}

const LONGEST_MARGIN_MS = 5_000;

/**
 * Handles `batch-message-sending`. A repeat starts at the chunk that was reached, and message ids are made from batch and
 * recipient, so nobody gets a batch twice. A batch that outlasts its timeout continues in another run without spending an attempt.
 */
@Processor(BATCH_QUEUE.name)
export class BatchMessageProcessor {
  private readonly progress: BatchProgressStore;

  constructor(
    private readonly dispatch: DeliveryDispatch,
    progress: BatchProgressStore,
    private readonly templates: TemplateRenderer,
    private readonly clock: Clock,
    breakers: CircuitBreakers,
  ) {
    this.progress = guardedPort(progress, Dependency.STORE, breakers);
  }

  /**
   * Hands one message per recipient to the delivery queue, chunk by chunk; stops between chunks when it is cancelled.
   * @throws RetryLater when the delivery queue takes no more for now or the deadline is near
   */
  @JobHandler(BATCH_QUEUE, 'batch-send')
  async processBatch(payload: BatchMessageJobDto, context: JobContext): Promise<BatchResult> {
    const plan = planBatch(payload, context.jobId);
    let state = await this.resume(plan, context);
    const marginMs = Math.min(LONGEST_MARGIN_MS, this.leftMs(context) / 10);
    while (state.chunksDone < state.totalChunks) {
      context.signal.throwIfAborted();
      if (this.leftMs(context) <= marginMs)
        throw new RetryLater(1, 'The deadline is near; the batch continues.');
      state = await this.sendChunk(payload, plan, state, context);
      await this.progress.save(state, context.signal);
      await this.report(state, context);
      const pauseMs = payload.chunkDelay ?? 0;
      if (state.chunksDone < state.totalChunks && pauseMs > 0) await this.rest(pauseMs, marginMs, context);
    }
    await this.report(state, context);
    const { batchId, segment, totalChunks, sent, failed, skipped } = state;
    return { batchId, segment, chunks: totalChunks, sent, failed, skipped };
  }

  private async resume(plan: BatchPlan, context: JobContext): Promise<BatchProgress> {
    const { batchId, segment, chunks, recipients, skipped } = plan;
    const fresh = { batchId, segment, chunksDone: 0, totalChunks: chunks.length, recipients, skipped };
    const stored = await this.progress.find(batchId, segment, context.signal);
    // Another number of chunks: the job was edited. What was sent is not sent again, its ids are the same.
    if (stored?.totalChunks === chunks.length && stored.recipients === recipients) return stored;
    return { ...fresh, sent: 0, failed: 0 };
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
  ): Promise<BatchProgress> {
    const recipients = plan.chunks[state.chunksDone] ?? [];
    const messages = await this.messagesFor(payload, plan, recipients, context);
    const outcomes = messages.length === 0 ? [] : await this.dispatch.dispatchMany(messages, context.signal);
    let refused = recipients.length - messages.length;
    let retryAfterMs = 0;
    for (const outcome of outcomes) {
      if (outcome.outcome === 'retry') retryAfterMs = Math.max(retryAfterMs, outcome.retryAfterMs, 1);
      if (outcome.outcome === 'rejected') refused += 1;
    }
    // The whole chunk again: what is queued already has the same ids.
    if (retryAfterMs > 0) throw new RetryLater(retryAfterMs, 'The delivery queue takes no more for now.');
    if (refused > 0)
      context.logger.warn(`${refused} of ${recipients.length} messages of a chunk were refused.`);
    return {
      ...state,
      chunksDone: state.chunksDone + 1,
      sent: state.sent + recipients.length - refused,
      failed: state.failed + refused,
    };
  }

  /** Leaves out recipients whose variables cannot fill the template. */
  private async messagesFor(
    payload: BatchMessageJobDto,
    plan: BatchPlan,
    recipients: readonly string[],
    context: JobContext,
  ): Promise<DispatchedMessage[]> {
    const messages: DispatchedMessage[] = [];
    for (const recipientId of recipients) {
      const content = await this.contentFor(payload, recipientId, context.signal);
      if (content === null) continue;
      messages.push({
        messageId: batchMessageId(plan.batchId, recipientId),
        senderId: payload.senderId,
        recipientId,
        conversationId: plan.conversationId,
        content,
        batchId: plan.batchId,
        createdAt: toDate(payload.createdAt),
        requiresEncryption: payload.requiresEncryption === true,
      });
    }
    return messages;
  }

  private async contentFor(
    payload: BatchMessageJobDto,
    recipientId: string,
    signal: AbortSignal,
  ): Promise<string | null> {
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
      if (error instanceof UnrecoverableJobError && !(error instanceof UnknownTemplateError)) return null;
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
