import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import type { DevicePlatform } from '../../ports/notifications/device-token-store.js';
import { PushChannel } from '../../ports/notifications/notification-channel.js';
import type { ChannelReceipt, OutgoingNotification } from '../../ports/notifications/notification-channel.js';

/**
 * One push channel made of several: each device's push takes that of its platform.
 *
 * ```ts
 * new PlatformPushChannel({ web: new WebPushChannel(vapid), fcm: new FcmPushChannel(getMessaging(app)) })
 * ```
 */
@Injectable()
export class PlatformPushChannel extends PushChannel implements OnApplicationShutdown {
  constructor(private readonly channels: Readonly<Partial<Record<DevicePlatform, PushChannel>>>) {
    super();
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
