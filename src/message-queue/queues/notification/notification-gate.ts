import { claimedTime } from '../../ports/messages/claimed-time.js';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/time/clock.js';
import type { JobContext } from '../../handlers/job-context.js';
import { RetryLater } from '../../jobs/errors.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { NotificationPreferences } from '../../ports/notifications/notification-preferences.js';
import type { QuietHours } from '../../ports/notifications/notification-preferences.js';
import { NotificationType } from '../../ports/notifications/notification-type.js';
import { Dependency, guardedPort } from '../guarded-port.js';
import { DELETED, DeletionGate } from '../deletion-gate.js';
import { toDate } from '../payload-fields.js';
import type { NotificationJobDto } from './notification-job.dto.js';
import { NotificationPriority } from './notification-priority.js';
import { quietHoursLeftMs } from './quiet-hours.js';

/** Why a notification is not sent at all. */
export interface DropReason {
  readonly outcome: 'expired' | 'opted-out' | 'deleted';
  readonly reason: string;
}

/** Decides whether a notification may go out now: its time to live, whether what it is about was deleted, the recipient's opt-outs and quiet hours. */
@Injectable()
export class NotificationGate {
  private readonly preferences: NotificationPreferences;

  constructor(
    preferences: NotificationPreferences,
    private readonly clock: Clock,
    breakers: CircuitBreakers,
    private readonly deletions: DeletionGate,
  ) {
    this.preferences = guardedPort(preferences, Dependency.STORE, breakers);
  }

  /**
   * When a job's notification becomes worthless, milliseconds since the epoch; null: never.
   * @param addedAt of its job: it was made no later, whatever it claims. Default: `createdAt` is bounded already
   */
  expiresAt(job: NotificationJobDto, addedAt = toDate(job.createdAt)): number | null {
    return job.ttlMs === undefined ? null : claimedTime(job.createdAt, addedAt).getTime() + job.ttlMs;
  }

  /**
   * Null: it may go out.
   * @throws RetryLater until the quiet hours end; URGENT and IN_APP pass them
   */
  async check(
    job: NotificationJobDto,
    context: Pick<JobContext, 'signal' | 'logger'> & Partial<Pick<JobContext, 'addedAt'>>,
  ): Promise<DropReason | null> {
    const now = this.clock.now();
    const expiresAt = this.expiresAt(job, context.addedAt);
    if (expiresAt !== null && now >= expiresAt) {
      return { outcome: 'expired', reason: `older than its ttlMs of ${job.ttlMs ?? 0} ms` };
    }
    if (await this.deletions.isShut(job, context)) return { outcome: 'deleted', reason: DELETED };
    const wishes = await this.preferences.find(job.recipientId, context.signal);
    if (wishes?.optedOut.includes(job.type)) {
      return { outcome: 'opted-out', reason: `the recipient switched "${job.type}" off` };
    }
    const quiet = wishes?.quietHours ?? null;
    // An entry in the app's own list wakes nobody.
    const passes = job.priority === NotificationPriority.URGENT || job.type === NotificationType.IN_APP;
    if (quiet === null || passes) return null;
    const leftMs = this.leftMs(now, quiet, context);
    if (leftMs > 0) throw new RetryLater(leftMs, 'The recipient has quiet hours.');
    return null;
  }

  private leftMs(now: number, quiet: QuietHours, context: Pick<JobContext, 'logger'>): number {
    try {
      return quietHoursLeftMs(now, quiet);
    } catch (error) {
      // A typo in a profile must not hold notifications back forever.
      context.logger.warn(`Quiet hours ignored: ${error instanceof Error ? error.message : 'not readable'}`);
      return 0;
    }
  }
}
