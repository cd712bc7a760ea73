import { TraceHolder } from '../privacy/trace-holder.js';

/** The platform a token belongs to. */
export type DevicePlatform = 'web' | 'fcm' | 'apns';

/** A device that takes pushes. */
export interface DeviceToken {
  /** Stable over token changes. */
  readonly deviceId: string;
  readonly recipientId: string;
  readonly platform: DevicePlatform;
  /** What the push service knows the device by; for Web Push the subscription as JSON. */
  readonly token: string;
}

/** Devices by recipient. Unique key: `deviceId`. */
export abstract class DeviceTokenStore extends TraceHolder {
  /** Adds the device or replaces its token and owner. */
  abstract register(device: DeviceToken, signal?: AbortSignal): Promise<void>;

  /** A recipient's devices, at most 50, in a stable order. */
  abstract list(recipientId: string, signal: AbortSignal): Promise<readonly DeviceToken[]>;

  /**
   * Removes the device only if its token is still `token`: it may have registered a new one while the push was on its way.
   * @returns whether it was removed
   */
  abstract removeIfUnchanged(deviceId: string, token: string, signal: AbortSignal): Promise<boolean>;
}
