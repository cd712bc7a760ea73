import { Inject, Injectable, Optional } from '@nestjs/common';
import { DeviceTokenStore } from '../../../ports/notifications/device-token-store.js';
import type { DeviceToken } from '../../../ports/notifications/device-token-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { eraseNext, isOfSubject } from '../traces.js';

/** Devices in memory; none until one is registered. Forgets none, since its owner would miss every push: a full one refuses. */
@Injectable()
export class InMemoryDeviceTokenStore extends DeviceTokenStore {
  override readonly holds = 'device tokens';
  private readonly devices: BoundedMap<DeviceToken>;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.devices = new BoundedMap(limits);
  }

  override register(device: DeviceToken, signal?: AbortSignal): Promise<void> {
    return answer(signal, () => {
      this.devices.setOrRefuse(device.deviceId, device, 'DeviceTokenStore');
    });
  }

  override list(recipientId: string, signal: AbortSignal): Promise<readonly DeviceToken[]> {
    return answer(signal, () =>
      this.devices
        .values()
        .filter((device) => device.recipientId === recipientId)
        .slice(0, 50),
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

  private tracesOf(target: TraceTarget): DeviceToken[] {
    return this.devices.values().filter(isOfSubject(target));
  }
}
