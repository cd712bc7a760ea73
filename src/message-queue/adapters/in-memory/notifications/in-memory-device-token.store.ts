import { Inject, Injectable, Optional } from '@nestjs/common';
import { checkDevice } from '../../../ports/notifications/device-check.js';
import {
  DeviceTokenStore,
  MAX_DEVICES_PER_RECIPIENT,
} from '../../../ports/notifications/device-token-store.js';
import type { DeviceToken } from '../../../ports/notifications/device-token-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { isOfSubject } from '../trace-targets.js';
import { eraseNext } from '../traces.js';

interface RegisteredDevice extends DeviceToken {
  /** What makes two tokens the same. */
  readonly tokenKey: string;
}

/** Devices in memory; none until one is registered. Forgets none, since its owner would miss every push: a full one refuses. */
@Injectable()
export class InMemoryDeviceTokenStore extends DeviceTokenStore {
  override readonly holds = 'device tokens';
  /** In the order of their registrations. */
  private readonly devices: BoundedMap<RegisteredDevice>;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.devices = new BoundedMap(limits);
  }

  override register(device: DeviceToken, signal?: AbortSignal): Promise<void> {
    return answer(signal, () => {
      const { deviceId, recipientId, platform, token } = device;
      const tokenKey = `${platform} ${checkDevice(device)}`;
      // Whoever is removed makes room, so what follows refuses only when nothing has changed.
      this.devices.delete(deviceId);
      for (const other of this.devices.values())
        if (other.tokenKey === tokenKey) this.devices.delete(other.deviceId);
      const registered = { deviceId, recipientId, platform, token, tokenKey };
      this.devices.setOrRefuse(deviceId, registered, 'DeviceTokenStore');
      for (const dropped of this.devicesOf(recipientId).slice(0, -MAX_DEVICES_PER_RECIPIENT))
        this.devices.delete(dropped.deviceId);
    });
  }

  override list(recipientId: string, signal: AbortSignal): Promise<readonly DeviceToken[]> {
    return answer(signal, () =>
      this.devicesOf(recipientId).map(({ deviceId, platform, token }) => ({
        deviceId,
        recipientId,
        platform,
        token,
      })),
    );
  }

  override removeIfUnchanged(deviceId: string, token: string, signal: AbortSignal): Promise<boolean> {
    return answer(signal, () => this.devices.get(deviceId)?.token === token && this.devices.delete(deviceId));
  }

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.tracesOf(target).length);
  }

  override eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () =>
      eraseNext(this.tracesOf(target), limit, ({ deviceId }) => this.devices.delete(deviceId)),
    );
  }

  /** In the order of their registrations. */
  private devicesOf(recipientId: string): RegisteredDevice[] {
    return this.devices.values().filter((device) => device.recipientId === recipientId);
  }

  private tracesOf(target: TraceTarget): DeviceToken[] {
    return this.devices.values().filter(isOfSubject(target));
  }
}
