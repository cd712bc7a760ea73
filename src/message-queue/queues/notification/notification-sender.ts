import { Injectable } from '@nestjs/common';
import type { BatchContext } from '../../handlers/batch-context.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { DeviceTokenStore } from '../../ports/notifications/device-token-store.js';
import type { ChannelReceipt, OutgoingNotification } from '../../ports/notifications/notification-channel.js';
import type { NotificationOutcome } from '../../ports/notifications/notification-ledger.js';
import { NotificationType } from '../../ports/notifications/notification-type.js';
import { isSuppressionChannel, SuppressionReason } from '../../ports/suppressions/suppression.js';
import type { Suppression } from '../../ports/suppressions/suppression.js';
import { Suppressions } from '../../ports/suppressions/suppressions.js';
import { Dependency, guardedPort } from '../guarded-port.js';
import { NotificationChannels } from './notification-channels.js';
import { decidingFailure } from './notification-failures.js';
import type { NotificationTarget } from './notification-targets.js';

/** What sending needs of a run, of one job or of a batch. */
export type SendingContext = Pick<BatchContext, 'queue' | 'signal' | 'logger'>;

/** A notification without its destination. */
export type UnaddressedNotification = Omit<OutgoingNotification, 'destination' | 'platform'>;

/** What became of a notification at one target. */
export interface TargetOutcome {
  /** `failed`: the notification can never be sent there; the ledger has no line of it. */
  readonly outcome: NotificationOutcome | 'failed';
  /** Why it was not sent. */
  readonly reason?: string;
  /** The service's id for it. */
  readonly providerId?: string;
}

/** A target that did not get a notification, and why. */
export interface LeftOutTarget {
  /** A device's id, or the channel where there is one destination. */
  readonly target: string;
  readonly outcome: Exclude<TargetOutcome['outcome'], 'sent'>;
  readonly reason: string;
}

/** One that the ledger keeps. */
export interface KeptOutcome extends TargetOutcome {
  readonly outcome: NotificationOutcome;
}

type Refusal = Extract<ChannelReceipt, { outcome: 'unregistered' | 'refused' }>;

/** Where a notification goes, and what earlier runs have done. */
export interface Addressed {
  readonly type: NotificationType;
  readonly targets: readonly NotificationTarget[];
  /** Outcomes by target; such a target is left out. */
  readonly known: ReadonlyMap<string, TargetOutcome>;
}

/** Sends to one target of those that are left, and notes what became of it; `suppression`: it is known to be dead. */
export type SendToTarget = (target: NotificationTarget, suppression?: Suppression) => Promise<TargetOutcome>;

/** Sends notifications to their targets; `send-notification` and `send-digest` share it. */
@Injectable()
export class NotificationSender {
  private readonly devices: DeviceTokenStore;
  private readonly suppressions: Suppressions;

  constructor(
    private readonly channels: NotificationChannels,
    devices: DeviceTokenStore,
    suppressions: Suppressions,
    breakers: CircuitBreakers,
  ) {
    this.devices = guardedPort(devices, Dependency.STORE, breakers);
    this.suppressions = guardedPort(suppressions, Dependency.STORE, breakers);
  }

  /**
   * Sends to one target, and remembers a destination that turns out to be dead. One that is suppressed is not asked for.
   * @throws RetryLater when the channel's rate has no token for it yet; what the channel throws
   */
  async send(
    type: NotificationType,
    target: NotificationTarget,
    notification: UnaddressedNotification,
    { queue, signal }: SendingContext,
    suppression?: Suppression,
  ): Promise<KeptOutcome> {
    if (suppression !== undefined) return { outcome: 'suppressed', reason: reasonOf(suppression) };
    const { destination, platform } = target;
    const jobId = notification.notificationId;
    const receipt = await this.channels.send(
      type,
      target.target,
      { ...notification, destination, platform },
      { queue, jobId, signal },
    );
    const { providerId } = receipt;
    const sentAs = providerId === undefined ? {} : { providerId };
    if (!isRefusal(receipt)) return { outcome: 'sent', ...sentAs };
    const reason = await this.remember(type, target, receipt, notification.recipientId, signal);
    return { outcome: receipt.outcome, reason, ...sentAs };
  }

  /**
   * Sends to all targets that are left. One's failure does not keep the others from being told; it is thrown at the end, unless trying again
   * cannot help and others were told.
   * @returns outcomes by target, those of earlier runs among them
   */
  async sendToAll(
    { type, targets, known }: Addressed,
    send: SendToTarget,
    { signal, logger }: SendingContext,
  ): Promise<ReadonlyMap<string, TargetOutcome>> {
    const outcomes = new Map(known);
    const left = targets.filter(({ target }) => !outcomes.has(target));
    const suppressed = await this.suppressedOf(type, left, signal);
    const failures = new Map<string, Error>();
    for (const target of left) {
      signal.throwIfAborted();
      try {
        outcomes.set(target.target, await send(target, suppressed.get(target.destination)));
      } catch (error) {
        failures.set(
          target.target,
          error instanceof Error ? error : new Error('The channel threw something that is not an error.'),
        );
      }
    }
    signal.throwIfAborted();
    const errors = [...failures.values()];
    const deciding = decidingFailure(errors);
    if (deciding !== null) throw deciding;
    const isTold = [...outcomes.values()].some(({ outcome }) => outcome === 'sent');
    if (errors[0] !== undefined && !isTold) throw errors[0];
    for (const [target, { message }] of failures)
      outcomes.set(target, { outcome: 'failed', reason: message });
    if (errors.length > 0) logger.warn(`${errors.length} destination(s) refused the notification.`);
    return outcomes;
  }

  /** By destination. A device that registered again after its token was gone is back, whatever was remembered. */
  private async suppressedOf(
    type: NotificationType,
    targets: readonly NotificationTarget[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Suppression>> {
    const suppressed = new Map<string, Suppression>();
    if (!isSuppressionChannel(type)) return suppressed;
    const destinations = targets.map(({ destination }) => destination);
    for (const found of await this.suppressions.findMany(type, destinations, signal)) {
      const { destination, reason } = found;
      const isBack = type === NotificationType.PUSH && reason === SuppressionReason.GONE;
      if (!isBack) suppressed.set(destination, found);
      else {
        const call = { by: 'device-registration', only: SuppressionReason.GONE };
        await this.suppressions.lift(type, destination, call, signal);
      }
    }
    return suppressed;
  }

  /** @returns why it is dead, for the ledger and the result */
  private async remember(
    type: NotificationType,
    { target, destination }: NotificationTarget,
    receipt: Refusal,
    recipientId: string,
    signal: AbortSignal,
  ): Promise<string> {
    const isRefused = receipt.outcome === 'refused';
    // First, so that a suppressed token that a store still has was registered again.
    if (!isRefused && type === NotificationType.PUSH) {
      await this.devices.removeIfUnchanged(target, destination, signal);
    }
    const reason = isRefused ? receipt.reason : SuppressionReason.GONE;
    const detail = receipt.detail ?? null;
    if (isSuppressionChannel(type)) {
      await this.suppressions.suppress({ channel: type, destination, recipientId, reason, detail }, signal);
    }
    return reasonOf({ reason, detail });
  }
}

function isRefusal(receipt: ChannelReceipt): receipt is Refusal {
  return receipt.outcome === 'unregistered' || receipt.outcome === 'refused';
}

function reasonOf({ reason, detail }: Pick<Suppression, 'reason' | 'detail'>): string {
  return detail === null ? reason : `${reason} (${detail})`;
}

/** Targets that did not get a notification. */
export function leftOutOf(outcomes: ReadonlyMap<string, TargetOutcome>): LeftOutTarget[] {
  return [...outcomes].flatMap(([target, { outcome, reason }]) =>
    outcome === 'sent' ? [] : [{ target, outcome, reason: reason ?? outcome }],
  );
}
