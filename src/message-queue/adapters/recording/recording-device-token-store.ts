import { Injectable } from '@nestjs/common';
import { DeviceTokenStore } from '../../ports/notifications/device-token-store.js';
import type { DeviceToken } from '../../ports/notifications/device-token-store.js';
import { CallRecorder } from './call-recorder.js';

/** Devices in memory; none until one is registered. */
@Injectable()
export class RecordingDeviceTokenStore extends DeviceTokenStore {
  readonly recorder = new CallRecorder();
  private readonly devices = new Map<string, DeviceToken>();

  override register(device: DeviceToken, signal?: AbortSignal): Promise<void> {
    return this.recorder.run('register', [device], signal, () => {
      this.devices.set(device.deviceId, device);
    });
  }

  override list(recipientId: string, signal: AbortSignal): Promise<readonly DeviceToken[]> {
    return this.recorder.run('list', [recipientId], signal, () =>
      [...this.devices.values()].filter((device) => device.recipientId === recipientId).slice(0, 50),
    );
  }

  override removeIfUnchanged(deviceId: string, token: string, signal: AbortSignal): Promise<boolean> {
    return this.recorder.run(
      'removeIfUnchanged',
      [deviceId, token],
      signal,
      () => this.devices.get(deviceId)?.token === token && this.devices.delete(deviceId),
    );
  }
}
