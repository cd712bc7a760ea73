import { Injectable } from '@nestjs/common';
import type { BatchContext } from '../../handlers/batch-context.js';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { DeviceTokenStore } from '../../ports/notifications/device-token-store.js';
import type { OutgoingNotification } from '../../ports/notifications/notification-channel.js';
import type { NotificationOutcome } from '../../ports/notifications/notification-ledger.js';
import { NotificationType } from '../../ports/notifications/notification-type.js';
import { Dependency, guardedPort } from '../guarded-port.js';
import { NotificationChannels } from './notification-channels.js';
import type { NotificationTarget } from './notification-targets.js';

/** What sending needs of a run, of one job or of a batch. */
export type SendingContext = Pick<BatchContext, 'queue' | 'signal' | 'logger'>;

/** A notification without its destination. */
export type UnaddressedNotification = Omit<OutgoingNotification, 'destination' | 'platform'>;

/** What became of a notification at one target. */
export interface TargetOutcome {
  readonly outcome: NotificationOutcome;
  /** The service's id for it. */
  readonly providerId?: string;
}

/** Where a notification goes, and what earlier runs have done. */
export interface Addressed {
  readonly targets: readonly NotificationTarget[];
  /** Outcomes by target; such a target is left out. */
  readonly known: ReadonlyMap<string, NotificationOutcome>;
}

/** Sends notifications to their targets; `send-notification` and `send-digest` share it. */
@Injectable()
export class NotificationSender {
  private readonly devices: DeviceTokenStore;

  constructor(
    private readonly channels: NotificationChannels,
    devices: DeviceTokenStore,
    breakers: CircuitBreakers,
  ) {
    this.devices = guardedPort(devices, Dependency.STORE, breakers);
  }

  /**
   * Sends to one target.
   * @throws RetryLater when the channel's rate has no token for it yet; what the channel throws
   */
  async send(
    type: NotificationType,
    { target, destination, platform }: NotificationTarget,
    notification: UnaddressedNotification,
    context: SendingContext,
  ): Promise<TargetOutcome> {
    const { queue, signal } = context;
    const jobId = notification.notificationId;
    const receipt = await this.channels.send(
      type,
      target,
      { ...notification, destination, platform },
      { queue, jobId, signal },
    );
    const outcome = receipt.outcome === 'unregistered' ? 'unregistered' : 'sent';
    if (outcome === 'unregistered' && type === NotificationType.PUSH) {
      await this.devices.removeIfUnchanged(target, destination, signal);
    }
    return { outcome, ...(receipt.providerId !== undefined && { providerId: receipt.providerId }) };
  }

  /**
   * Sends to all targets that are left. One's failure does not keep the others from being told; it is thrown at the end.
   * @returns outcomes by target, those of earlier runs among them
   */
  async sendToAll(
    { targets, known }: Addressed,
    send: (target: NotificationTarget) => Promise<NotificationOutcome>,
    { signal, logger }: SendingContext,
  ): Promise<ReadonlyMap<string, NotificationOutcome>> {
    const outcomes = new Map(known);
    const failures: Error[] = [];
    for (const target of targets) {
      if (outcomes.has(target.target)) continue;
      signal.throwIfAborted();
      try {
        outcomes.set(target.target, await send(target));
      } catch (error) {
        failures.push(
          error instanceof Error ? error : new Error('The channel threw something that is not an error.'),
        );
      }
    }
    signal.throwIfAborted();
    const retryable = failures.find((failure) => !(failure instanceof UnrecoverableJobError));
    if (retryable !== undefined) throw retryable;
    if (failures[0] !== undefined && ![...outcomes.values()].includes('sent')) throw failures[0];
    if (failures.length > 0) logger.warn(`${failures.length} destination(s) refused the notification.`);
    return outcomes;
  }
}
