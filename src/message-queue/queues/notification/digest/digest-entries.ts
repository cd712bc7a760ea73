import { Injectable } from '@nestjs/common';
import type { BatchContext } from '../../../handlers/batch-context.js';
import { UnrecoverableJobError } from '../../../jobs/errors.js';
import { CircuitBreakers } from '../../../ports/circuit-breakers.js';
import { MessageStore } from '../../../ports/messages/message-store.js';
import type { NotificationOutcome } from '../../../ports/notifications/notification-ledger.js';
import { TemplateRenderer } from '../../../ports/notifications/template-renderer.js';
import { Dependency, guardedPort } from '../../guarded-port.js';
import { toDate } from '../../payload-fields.js';
import { NotificationGate } from '../notification-gate.js';
import type { DigestEntry } from './digest-composer.js';
import type { DigestItemJobDto } from './digest-item-job.dto.js';

/** A notification that is left out of its digest. */
export interface DroppedItem {
  readonly notificationId: string;
  readonly outcome: NotificationOutcome;
  readonly reason: string;
}

/** What is left of the notifications that a digest has collected. */
export interface SiftedItems {
  /** Oldest first. */
  readonly entries: readonly DigestEntry[];
  readonly dropped: readonly DroppedItem[];
}

/** Finds out which of the collected notifications are still worth sending, and what each says. */
@Injectable()
export class DigestEntries {
  private readonly messages: MessageStore;

  constructor(
    private readonly gate: NotificationGate,
    messages: MessageStore,
    private readonly templates: TemplateRenderer,
    breakers: CircuitBreakers,
  ) {
    this.messages = guardedPort(messages, Dependency.STORE, breakers);
  }

  /**
   * Leaves out what is too late, was read by now, or its recipient does not want; and fails members whose own template cannot be filled.
   * @throws RetryLater in the recipient's quiet hours
   */
  async of(items: readonly DigestItemJobDto[], batch: BatchContext): Promise<SiftedItems> {
    const entries: DigestEntry[] = [];
    const dropped: DroppedItem[] = [];
    for (const [index, item] of items.entries()) {
      batch.signal.throwIfAborted();
      const reason = await this.reasonToDrop(item, batch);
      if (reason !== null) {
        dropped.push({ notificationId: item.notificationId, ...reason });
        continue;
      }
      try {
        entries.push(await this.entryOf(item, batch.signal));
      } catch (error) {
        if (!(error instanceof UnrecoverableJobError)) throw error;
        batch.fail(index, error);
      }
    }
    return { entries: entries.sort((a, b) => a.at.getTime() - b.at.getTime()), dropped };
  }

  private async reasonToDrop(
    item: DigestItemJobDto,
    batch: BatchContext,
  ): Promise<Omit<DroppedItem, 'notificationId'> | null> {
    const drop = await this.gate.check(item, batch);
    if (drop !== null) return drop;
    if (item.messageId === undefined) return null;
    const status = await this.messages.findStatus(item.messageId, item.recipientId, batch.signal);
    return status?.status === 'read' ? { outcome: 'read', reason: 'its message was read by then' } : null;
  }

  private async entryOf(item: DigestItemJobDto, signal: AbortSignal): Promise<DigestEntry> {
    const at = toDate(item.createdAt);
    if (item.template === undefined) return { item, title: item.title ?? '', text: item.message ?? '', at };
    const { title, text } = await this.templates.render(item.template, item.variables ?? {}, signal);
    return { item, title: title ?? item.title ?? '', text, at };
  }
}
