import { Injectable } from '@nestjs/common';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { DeviceTokenStore } from '../../ports/notifications/device-token-store.js';
import type { DevicePlatform } from '../../ports/notifications/device-token-store.js';
import { NotificationType } from '../../ports/notifications/notification-type.js';
import { RecipientContacts } from '../../ports/notifications/recipient-contacts.js';
import { Dependency, guardedPort } from '../guarded-port.js';
import type { NotificationJobDto } from './notification-job.dto.js';

/** One place a notification goes to. */
export interface NotificationTarget {
  /** The ledger's name for it: a device id, or the channel. Never an address. */
  readonly target: string;
  readonly destination: string;
  readonly platform?: DevicePlatform;
}

/** Finds where a notification has to go: each device, one address, one number, or the app itself. */
@Injectable()
export class NotificationTargets {
  private readonly devices: DeviceTokenStore;

  constructor(
    devices: DeviceTokenStore,
    private readonly contacts: RecipientContacts,
    breakers: CircuitBreakers,
  ) {
    this.devices = guardedPort(devices, Dependency.STORE, breakers);
  }

  /** The targets of a job; empty when the recipient has none. */
  async of(job: NotificationJobDto, signal: AbortSignal): Promise<readonly NotificationTarget[]> {
    switch (job.type) {
      case NotificationType.IN_APP:
        return [{ target: job.type, destination: job.recipientId }];
      case NotificationType.PUSH: {
        const devices = await this.devices.list(job.recipientId, signal);
        return devices.map((device) => ({
          target: device.deviceId,
          destination: device.token,
          platform: device.platform,
        }));
      }
      case NotificationType.EMAIL:
        return this.single(job.type, job.emailAddress ?? (await this.contact(job, signal))?.email);
      case NotificationType.SMS:
        return this.single(job.type, job.phoneNumber ?? (await this.contact(job, signal))?.phone);
    }
  }

  private contact(job: NotificationJobDto, signal: AbortSignal): ReturnType<RecipientContacts['find']> {
    return this.contacts.find(job.recipientId, signal);
  }

  private single(target: string, destination: string | null | undefined): NotificationTarget[] {
    return destination === null || destination === undefined ? [] : [{ target, destination }];
  }
}
