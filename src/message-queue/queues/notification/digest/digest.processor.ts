import { createHash } from 'node:crypto';
import { Processor } from '@nestjs/bull';
import { Clock } from '../../../../kernel/time/clock.js';
import type { BatchContext } from '../../../handlers/batch-context.js';
import { JobHandler } from '../../../handlers/job-handler.decorator.js';
import { CircuitBreakers } from '../../../ports/circuit-breakers.js';
import { NotificationInbox } from '../../../ports/notifications/notification-inbox.js';
import { NotificationLedger } from '../../../ports/notifications/notification-ledger.js';
import { NotificationType } from '../../../ports/notifications/notification-type.js';
import type { Suppression } from '../../../ports/suppressions/suppression.js';
import { Dependency, guardedPort } from '../../guarded-port.js';
import { toDate } from '../../payload-fields.js';
import { NotificationGate } from '../notification-gate.js';
import { leftOutOf, NotificationSender } from '../notification-sender.js';
import type { KeptOutcome, LeftOutTarget, TargetOutcome } from '../notification-sender.js';
import { NotificationTargets } from '../notification-targets.js';
import type { NotificationTarget } from '../notification-targets.js';
import { NOTIFICATION_QUEUE } from '../notification.queue.js';
import { DigestComposer } from './digest-composer.js';
import type { DigestEntry } from './digest-composer.js';
import { DigestEntries } from './digest-entries.js';
import type { DroppedItem } from './digest-entries.js';
import type { DigestItemJobDto } from './digest-item-job.dto.js';

/** Result of `send-digest`, the same for all that were collected for one message. */
export interface DigestResult {
  readonly type: NotificationType;
  /** `dropped`: nothing was sent, as `dropped` or `leftOut` says. */
  readonly outcome: 'sent' | 'dropped';
  /** Notifications in the message. */
  readonly items: number;
  /** Notifications that are not in it, and why. */
  readonly dropped: readonly DroppedItem[];
  /** Destinations that got it, in this run or an earlier one. */
  readonly sent: number;
  /** Targets that did not get it. */
  readonly leftOut: readonly LeftOutTarget[];
}

/** The first of at least one. */
function firstOf<T>(items: readonly T[]): T {
  const [first] = items;
  if (first === undefined) throw new TypeError('A digest has at least one notification.');
  return first;
}

/**
 * Handles the digests of `message-notification`: what was collected for one recipient, channel and key goes out as one message. Safe to run
 * twice: to each destination it lists only what the ledger does not have of it.
 */
@Processor(NOTIFICATION_QUEUE.name)
export class DigestProcessor {
  private readonly ledger: NotificationLedger;
  private readonly inbox: NotificationInbox;

  constructor(
    private readonly entries: DigestEntries,
    private readonly composer: DigestComposer,
    private readonly targets: NotificationTargets,
    private readonly sender: NotificationSender,
    private readonly gate: NotificationGate,
    ledger: NotificationLedger,
    inbox: NotificationInbox,
    private readonly clock: Clock,
    breakers: CircuitBreakers,
  ) {
    this.ledger = guardedPort(ledger, Dependency.STORE, breakers);
    this.inbox = guardedPort(inbox, Dependency.STORE, breakers);
  }

  /**
   * Sends one message that lists the notifications that are still worth it.
   * @throws RetryLater in the recipient's quiet hours, and when the channel's rate has no token for it yet
   */
  @JobHandler(NOTIFICATION_QUEUE, 'send-digest')
  async processDigest(items: DigestItemJobDto[], batch: BatchContext): Promise<DigestResult> {
    const { type } = firstOf(items);
    const { entries, dropped } = await this.entries.of(items, batch);
    for (const { notificationId, ...why } of dropped) {
      const those = items.filter((item) => item.notificationId === notificationId);
      await this.record(those, type, why, batch.signal);
    }
    const result = { type, items: 0, dropped, sent: 0, leftOut: [] };
    if (entries.length === 0) return { ...result, outcome: 'dropped' };
    const targets = await this.targets.of(firstOf(entries).item, batch.signal);
    if (targets.length === 0) {
      const why = {
        outcome: 'no-destination',
        reason: `the recipient has no "${type}" destination`,
      } as const;
      const left = entries.map(({ item }) => item);
      await this.record(left, type, why, batch.signal);
      return { ...result, outcome: 'dropped', leftOut: [{ target: type, ...why }] };
    }
    const outcomes = await this.send(entries, targets, batch);
    const leftOut = leftOutOf(outcomes);
    const sent = outcomes.size - leftOut.length;
    return sent > 0
      ? { ...result, outcome: 'sent', items: entries.length, sent, leftOut }
      : { ...result, outcome: 'dropped', leftOut };
  }

  /** @returns what became of them at each target, in this run or an earlier one */
  private async send(
    entries: readonly DigestEntry[],
    targets: readonly NotificationTarget[],
    batch: BatchContext,
  ): Promise<ReadonlyMap<string, TargetOutcome>> {
    const { type } = firstOf(entries).item;
    const lines = new Map<DigestEntry, ReadonlyMap<string, TargetOutcome>>();
    for (const entry of entries) {
      const ofEntry = await this.ledger.list(entry.item.notificationId, batch.signal);
      lines.set(entry, new Map(ofEntry.map((line) => [line.target, line])));
    }
    if (type === NotificationType.IN_APP) await this.addToInbox(entries, batch);
    const dueAt = (target: string): DigestEntry[] =>
      entries.filter((entry) => lines.get(entry)?.has(target) !== true);
    const known = new Map<string, TargetOutcome>();
    for (const { target } of targets) {
      const outcome = lines.get(firstOf(entries))?.get(target);
      if (outcome !== undefined && dueAt(target).length === 0) known.set(target, outcome);
    }
    return this.sender.sendToAll(
      { type, targets, known },
      async (target, suppression) => this.sendTo(target, dueAt(target.target), batch, suppression),
      batch,
    );
  }

  private async sendTo(
    target: NotificationTarget,
    entries: readonly DigestEntry[],
    batch: BatchContext,
    suppression: Suppression | undefined,
  ): Promise<KeptOutcome> {
    const { item } = firstOf(entries);
    const outcome = await this.sender.send(
      item.type,
      target,
      {
        ...(await this.composer.compose(entries, batch.signal)),
        notificationId: digestIdOf(entries),
        recipientId: item.recipientId,
        urgent: false,
        expiresAt: this.expiryOf(entries),
      },
      batch,
      suppression,
    );
    const all = entries.map((entry) => entry.item);
    await this.record(all, target.target, outcome, batch.signal);
    return outcome;
  }

  /** Each by itself: a digest's own text would outlive the messages that it quotes. */
  private async addToInbox(entries: readonly DigestEntry[], { signal }: BatchContext): Promise<void> {
    for (const { item, title, text } of entries) {
      const { notificationId, recipientId, messageId = null, conversationId = null } = item;
      const createdAt = toDate(item.createdAt);
      const place = { messageId, conversationId };
      await this.inbox.add({ notificationId, recipientId, title, body: text, ...place, createdAt }, signal);
    }
  }

  /** When the last of them becomes worthless; null when one never does. */
  private expiryOf(entries: readonly DigestEntry[]): number | null {
    const times = entries.map(({ item }) => this.gate.expiresAt(item));
    return times.reduce((latest, time) => (latest === null || time === null ? null : Math.max(latest, time)));
  }

  private async record(
    items: readonly DigestItemJobDto[],
    target: string,
    { outcome, reason, providerId }: KeptOutcome,
    signal: AbortSignal,
  ): Promise<void> {
    const at = new Date(this.clock.now());
    const line = { target, outcome, reason, providerId, at };
    for (const { notificationId, recipientId, type, messageId, conversationId } of items)
      await this.ledger.record(
        { ...line, notificationId, recipientId, type, messageId, conversationId },
        signal,
      );
  }
}

/** The same whenever the same notifications are sent together. */
function digestIdOf(entries: readonly DigestEntry[]): string {
  const ids = entries.map(({ item }) => item.notificationId).sort();
  return `d_${createHash('sha256').update(JSON.stringify(ids)).digest('base64url').slice(0, 27)}`;
}
