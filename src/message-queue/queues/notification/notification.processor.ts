import { Processor } from '@nestjs/bull';
import { Clock } from '../../../kernel/time/clock.js';
import type { JobContext } from '../../handlers/job-context.js';
import { JobHandler } from '../../handlers/job-handler.decorator.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import type { OutgoingNotification } from '../../ports/notifications/notification-channel.js';
import { DigestDispatch } from '../../ports/notifications/digest-dispatch.js';
import type { DigestItem } from '../../ports/notifications/digest-dispatch.js';
import { claimedTime } from '../../ports/messages/claimed-time.js';
import { NotificationInbox } from '../../ports/notifications/notification-inbox.js';
import { NotificationLedger } from '../../ports/notifications/notification-ledger.js';
import type { NotificationOutcome } from '../../ports/notifications/notification-ledger.js';
import { NotificationType } from '../../ports/notifications/notification-type.js';
import { TemplateRenderer } from '../../ports/notifications/template-renderer.js';
import { Dependency, guardedPort } from '../guarded-port.js';
import { NotificationGate } from './notification-gate.js';
import { NotificationJobDto } from './notification-job.dto.js';
import { NotificationPriority } from './notification-priority.js';
import { leftOutOf, NotificationSender } from './notification-sender.js';
import type { KeptOutcome, TargetOutcome, LeftOutTarget } from './notification-sender.js';
import { NotificationTargets } from './notification-targets.js';
import type { NotificationTarget } from './notification-targets.js';
import { NOTIFICATION_QUEUE } from './notification.queue.js';

/** Result of `send-notification`. */
export interface NotificationResult {
  /** The job's id. */
  readonly notificationId: string;
  readonly type: NotificationType;
  /** `collected`: it waits for its digest. `dropped`: nobody was told; `reason` says why and the ledger keeps it. */
  readonly outcome: 'sent' | 'collected' | 'dropped';
  readonly reason?: string;
  /** Destinations that got it, in this run or an earlier one. */
  readonly sent: number;
  /** Destinations that do not exist any more. */
  readonly unregistered: number;
  /** All targets that did not get it, those among them. */
  readonly leftOut: readonly LeftOutTarget[];
}

type Text = Pick<OutgoingNotification, 'title' | 'body' | 'html'>;

/** Handles `message-notification`. Safe to run twice: destinations that the ledger has are left out. */
@Processor(NOTIFICATION_QUEUE.name)
export class MessageNotificationProcessor {
  private readonly ledger: NotificationLedger;
  private readonly inbox: NotificationInbox;

  constructor(
    private readonly gate: NotificationGate,
    private readonly targets: NotificationTargets,
    private readonly sender: NotificationSender,
    ledger: NotificationLedger,
    inbox: NotificationInbox,
    private readonly templates: TemplateRenderer,
    private readonly digests: DigestDispatch,
    private readonly clock: Clock,
    breakers: CircuitBreakers,
  ) {
    this.ledger = guardedPort(ledger, Dependency.STORE, breakers);
    this.inbox = guardedPort(inbox, Dependency.STORE, breakers);
  }

  /**
   * Sends one notification over its channel, unless it came too late or the recipient switched the channel off.
   * @throws RetryLater in the recipient's quiet hours, and when the channel's rate has no token for it yet
   */
  @JobHandler(NOTIFICATION_QUEUE, 'send-notification')
  async processNotification(payload: NotificationJobDto, context: JobContext): Promise<NotificationResult> {
    await context.progress({ percentage: 10, step: 'validation', currentStep: 1, totalSteps: 3 });
    context.signal.throwIfAborted();
    if (payload.digestKey !== undefined && payload.priority !== NotificationPriority.URGENT) {
      return this.collect(payload, payload.digestKey, context);
    }
    const drop = await this.gate.check(payload, context);
    if (drop !== null) return this.drop(payload, drop.outcome, drop.reason, context);
    const text = await this.textOf(payload, context.signal);
    const targets = await this.targets.of(payload, context.signal);
    if (targets.length === 0) {
      return this.drop(
        payload,
        'no-destination',
        `the recipient has no "${payload.type}" destination`,
        context,
      );
    }
    await context.progress({ percentage: 40, step: 'sending', currentStep: 2, totalSteps: 3 });
    if (payload.type === NotificationType.IN_APP) await this.addToInbox(payload, text, context);
    const outcomes = await this.sendToAll(payload, text, targets, context);
    await context.progress({ percentage: 100, step: 'complete', currentStep: 3, totalSteps: 3 });
    return resultOf(payload, context, outcomes);
  }

  /** What may go out now is asked when the digest does. */
  private async collect(
    job: NotificationJobDto,
    digestKey: string,
    context: JobContext,
  ): Promise<NotificationResult> {
    const notificationId = context.jobId;
    // The digest runs without knowing when this one was added.
    const createdAt = claimedTime(job.createdAt, context.addedAt);
    const item: DigestItem = Object.assign({}, job, { createdAt, digestKey, notificationId });
    await this.digests.collect(item, context.signal);
    await context.progress({ percentage: 100, step: 'collected', currentStep: 3, totalSteps: 3 });
    return { notificationId, type: job.type, outcome: 'collected', sent: 0, unregistered: 0, leftOut: [] };
  }

  private async textOf(job: NotificationJobDto, signal: AbortSignal): Promise<Text> {
    if (job.template === undefined) {
      return { title: job.title ?? '', body: job.message ?? '' };
    }
    const rendered = await this.templates.render(job.template, job.variables ?? {}, signal);
    const html = job.type === NotificationType.EMAIL ? (rendered.html ?? undefined) : undefined;
    return { title: rendered.title ?? job.title ?? '', body: rendered.text, html };
  }

  private async addToInbox(job: NotificationJobDto, text: Text, context: JobContext): Promise<void> {
    await this.inbox.add(
      {
        notificationId: context.jobId,
        recipientId: job.recipientId,
        title: text.title,
        body: text.body,
        messageId: job.messageId ?? null,
        conversationId: job.conversationId ?? null,
        createdAt: claimedTime(job.createdAt, context.addedAt),
      },
      context.signal,
    );
  }

  private async sendToAll(
    job: NotificationJobDto,
    text: Text,
    targets: readonly NotificationTarget[],
    context: JobContext,
  ): Promise<ReadonlyMap<string, TargetOutcome>> {
    const known = await this.earlier(context);
    const notification = {
      ...text,
      notificationId: context.jobId,
      recipientId: job.recipientId,
      push: job.type === NotificationType.PUSH ? job.pushPayload : undefined,
      messageId: job.messageId,
      urgent: job.priority === NotificationPriority.URGENT,
      expiresAt: this.gate.expiresAt(job, context.addedAt),
    };
    return this.sender.sendToAll(
      { type: job.type, targets, known },
      async (target, suppression) => {
        const made = await this.sender.send(job.type, target, notification, context, suppression);
        await this.record(job, target.target, made, context);
        return made;
      },
      context,
    );
  }

  /** What earlier runs of the job did, by target. */
  private async earlier({ jobId, signal }: JobContext): Promise<Map<string, TargetOutcome>> {
    const entries = await this.ledger.list(jobId, signal);
    return new Map(entries.map((entry) => [entry.target, entry]));
  }

  private async drop(
    job: NotificationJobDto,
    outcome: NotificationOutcome,
    reason: string,
    context: JobContext,
  ): Promise<NotificationResult> {
    const outcomes = await this.earlier(context);
    // Some may have got it in an earlier run, before it was too late for the others.
    if (!outcomes.has(job.type)) {
      const dropped = { outcome, reason } as const;
      await this.record(job, job.type, dropped, context);
      outcomes.set(job.type, dropped);
    }
    await context.progress({ percentage: 100, step: 'dropped', currentStep: 3, totalSteps: 3 });
    return { ...resultOf(job, context, outcomes), reason };
  }

  private async record(
    { recipientId, type, messageId, conversationId }: NotificationJobDto,
    target: string,
    { outcome, reason, providerId }: KeptOutcome,
    context: JobContext,
  ): Promise<void> {
    const at = new Date(this.clock.now());
    await this.ledger.record(
      {
        ...{ notificationId: context.jobId, target, recipientId, type, outcome, reason, providerId, at },
        ...{ messageId, conversationId },
      },
      context.signal,
    );
  }
}

const NOBODY = 'no destination is registered any more';

function resultOf(
  { type }: NotificationJobDto,
  { jobId }: JobContext,
  outcomes: ReadonlyMap<string, TargetOutcome>,
): NotificationResult {
  const leftOut = leftOutOf(outcomes);
  const sent = outcomes.size - leftOut.length;
  const unregistered = leftOut.filter(({ outcome }) => outcome === 'unregistered').length;
  const result = { notificationId: jobId, type, sent, unregistered, leftOut };
  if (sent > 0) return { ...result, outcome: 'sent' };
  const [first] = leftOut;
  const isSingle = leftOut.length === 1 && first?.outcome !== 'unregistered';
  const why = isSingle ? `${first?.outcome}: ${first?.reason}` : 'every destination was left out';
  return { ...result, outcome: 'dropped', reason: unregistered === leftOut.length ? NOBODY : why };
}
