import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import type { DevicePlatform } from '../../ports/notifications/device-token-store.js';
import { PushChannel } from '../../ports/notifications/notification-channel.js';
import type {
  ChannelReceipt,
  FittedDraft,
  NotificationDraft,
  OutgoingNotification,
} from '../../ports/notifications/notification-channel.js';

/**
 * One push channel made of several: each device's push takes that of its platform. One that is down keeps no push from the others.
 *
 * ```ts
 * new PlatformPushChannel({ web: new WebPushChannel(vapid), fcm: new FcmPushChannel(firebase), apns: new ApnsPushChannel(apple) })
 * ```
 */
@Injectable()
export class PlatformPushChannel extends PushChannel implements OnApplicationShutdown {
  constructor(private readonly channels: Readonly<Partial<Record<DevicePlatform, PushChannel>>>) {
    super();
  }

  /** @returns the service of the platform's channel, or the platform */
  override serviceOf(target: Pick<OutgoingNotification, 'destination' | 'platform'>): string {
    const { platform = 'unknown' } = target;
    return (platform === 'unknown' ? undefined : this.channels[platform]?.serviceOf?.(target)) ?? platform;
  }

  /** Fits what every platform that there is a channel for takes: whose devices a notification goes to is not known before. */
  override fit(draft: NotificationDraft): FittedDraft {
    let fitted: FittedDraft = { draft, issues: [] };
    for (const channel of new Set(Object.values(this.channels))) {
      const next = channel.fit?.(fitted.draft);
      if (next !== undefined) fitted = { draft: next.draft, issues: [...fitted.issues, ...next.issues] };
    }
    return fitted;
  }

  /** @throws UnrecoverableJobError when there is no channel for the platform, and what the channel throws */
  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    const { platform } = notification;
    const channel = platform === undefined ? undefined : this.channels[platform];
    if (channel !== undefined) return channel.send(notification, signal);
    throw new UnrecoverableJobError(
      `There is no push channel for platform "${platform ?? 'unknown'}": give PlatformPushChannel one, or do not register such devices.`,
    );
  }

  /** Passes the shutdown on: Nest knows this channel only. */
  async onApplicationShutdown(): Promise<void> {
    for (const channel of new Set<object>(Object.values(this.channels))) {
      if ('onApplicationShutdown' in channel)
        await (channel as OnApplicationShutdown).onApplicationShutdown();
    }
  }
}
