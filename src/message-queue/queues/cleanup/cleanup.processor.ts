import { Processor } from '@nestjs/bull';
import { Clock } from '../../../kernel/time/clock.js';
import type { JobContext } from '../../handlers/job-context.js';
import { JobHandler } from '../../handlers/job-handler.decorator.js';
import { AttachmentFiles } from '../../ports/attachments/attachment-files.js';
import { AttachmentStore } from '../../ports/attachments/attachment-store.js';
import { BatchProgressStore } from '../../ports/messages/batch-progress-store.js';
import { NotificationInbox } from '../../ports/notifications/notification-inbox.js';
import { NotificationLedger } from '../../ports/notifications/notification-ledger.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { CleanupStore } from '../../ports/messages/cleanup-store.js';
import { DeviceFeed } from '../../ports/messages/device-feed.js';
import { MessageTraces } from '../../ports/privacy/message-traces.js';
import { Dependency, guardedPort } from '../guarded-port.js';
import { AgingCleanupStep } from './aging-cleanup-step.js';
import type { AgingStore } from './aging-cleanup-step.js';
import { AttachmentCleanupStep } from './attachment-cleanup-step.js';
import { CleanupJobDto, CleanupType, DEFAULT_CLEANUP_BATCH_SIZE } from './cleanup-job.dto.js';
import type { CleanupStep } from './cleanup-step.js';
import { MessageCleanupStep } from './message-cleanup-step.js';
import { CLEANUP_QUEUE } from './cleanup.queue.js';

/** Result of `cleanup-messages`. */
export interface CleanupResult {
  readonly cleanupType: CleanupType;
  readonly dryRun: boolean;
  /** What was there to remove when the run began. */
  readonly matched: number;
  readonly removed: number;
  /** False: the deadline came first; the next run continues. */
  readonly finished: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_RETENTION_DAYS = {
  old_messages: 0,
  deleted_conversations: 30,
  expired_attachments: 0,
  old_inbox_entries: 90,
  old_ledger_entries: 30,
  old_batch_progress: 30,
} as const;
const LONGEST_MARGIN_MS = 5_000;
/** A device that says nothing for so long is forgotten; back again, it starts with what is pending. */
const SILENT_DEVICE_DAYS = 60;

/** Handles `message-cleanup`. Safe to run twice and after a crash: each step finds what is left. */
@Processor(CLEANUP_QUEUE.name)
export class MessageCleanupProcessor {
  private readonly store: CleanupStore;
  private readonly attachments: AttachmentStore;
  private readonly feed: DeviceFeed;
  private readonly aging: Readonly<Partial<Record<CleanupType, AgingStore>>>;

  constructor(
    store: CleanupStore,
    attachments: AttachmentStore,
    // Without a breaker: some files that resist would hold up all the others.
    private readonly files: AttachmentFiles,
    // Without one too: it stands for many dependencies, of which one that is away must not open the breaker of another.
    private readonly traces: MessageTraces,
    private readonly clock: Clock,
    breakers: CircuitBreakers,
    feed: DeviceFeed,
    inbox: NotificationInbox,
    ledger: NotificationLedger,
    batches: BatchProgressStore,
  ) {
    this.aging = {
      old_inbox_entries: guardedPort(inbox, Dependency.STORE, breakers),
      old_ledger_entries: guardedPort(ledger, Dependency.STORE, breakers),
      old_batch_progress: guardedPort(batches, Dependency.STORE, breakers),
    };
    this.feed = guardedPort(feed, Dependency.STORE, breakers);
    this.store = guardedPort(store, Dependency.STORE, breakers);
    this.attachments = guardedPort(attachments, Dependency.STORE, breakers);
  }

  /** Removes what is older than the retention, step by step; a dry run counts only. Stops in time before the deadline. */
  @JobHandler(CLEANUP_QUEUE, 'cleanup-messages')
  async processCleanup(payload: CleanupJobDto, context: JobContext): Promise<CleanupResult> {
    const { cleanupType } = payload;
    const dryRun = payload.dryRun === true;
    const marginMs = Math.min(LONGEST_MARGIN_MS, this.leftMs(context) / 10);
    await context.progress({ percentage: 0, step: 'counting', data: { removed: 0 } });
    context.signal.throwIfAborted();
    const step = this.stepOf(payload);
    const matched = await step.count(context.signal);
    let removed = 0;
    let finished = true;
    const limit = payload.batchSize ?? DEFAULT_CLEANUP_BATCH_SIZE;
    while (!dryRun) {
      context.signal.throwIfAborted();
      if (this.leftMs(context) <= marginMs) {
        finished = false;
        break;
      }
      const count = await step.run(limit, context.signal);
      if (count === 0) break;
      removed += count;
      await this.report(matched, removed, limit, context);
    }
    const lastStep = finished ? 'complete' : 'stopped at the deadline';
    const percentage = finished ? 100 : this.share(matched, removed);
    await context.progress({ percentage, step: lastStep, data: { matched, removed } });
    return { cleanupType, dryRun, matched, removed, finished };
  }

  private stepOf(payload: CleanupJobDto): CleanupStep {
    const { cleanupType } = payload;
    // By the clock, not by createdAt: a repeated job keeps the payload of its first day.
    const keptDays = payload.retentionDays ?? DEFAULT_RETENTION_DAYS[cleanupType];
    const before = new Date(this.clock.now() - keptDays * DAY_MS);
    if (cleanupType === CleanupType.EXPIRED_ATTACHMENTS) {
      return new AttachmentCleanupStep(before, this.attachments, this.files);
    }
    const aging = this.aging[cleanupType];
    if (aging !== undefined) return new AgingCleanupStep(before, aging);
    if (cleanupType !== 'old_messages' && cleanupType !== 'deleted_conversations')
      throw new TypeError(cleanupType);
    const silentSince = new Date(this.clock.now() - SILENT_DEVICE_DAYS * DAY_MS);
    const devices = { feed: this.feed, silentSince };
    return new MessageCleanupStep({ kind: cleanupType, before }, this.store, this.traces, devices);
  }

  private leftMs(context: JobContext): number {
    return context.deadline - this.clock.now();
  }

  private share(matched: number, removed: number): number {
    return Math.min(99, Math.floor((removed / Math.max(1, matched)) * 100));
  }

  private async report(matched: number, removed: number, limit: number, context: JobContext): Promise<void> {
    const totalSteps = Math.max(1, Math.ceil(matched / limit));
    await context.progress({
      percentage: this.share(matched, removed),
      step: 'removing',
      currentStep: Math.min(totalSteps, Math.ceil(removed / limit)),
      totalSteps,
      data: { matched, removed },
    });
  }
}
