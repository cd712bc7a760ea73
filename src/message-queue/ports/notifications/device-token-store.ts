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

/** Devices that a recipient may have: of more, those that registered last are kept. */
export const MAX_DEVICES_PER_RECIPIENT = 50;

/**
 * Devices by recipient. Unique keys: `deviceId`, and what makes two tokens of a platform the same (see {@link checkDevice}). A push service
 * gives one token to one installation, so whoever registered it last is its only owner, whatever the device ids.
 */
export abstract class DeviceTokenStore extends TraceHolder {
  /**
   * Adds the device or replaces its token and owner, and removes any other device with the same token, all or nothing. The recipient keeps
   * the 50 devices that registered last.
   * @throws InvalidDeviceError when no push could reach it; see {@link checkDevice}
   */
  abstract register(device: DeviceToken, signal?: AbortSignal): Promise<void>;

  /** A recipient's devices, at most 50, in the order in which they registered. */
  abstract list(recipientId: string, signal: AbortSignal): Promise<readonly DeviceToken[]>;

  /**
   * Removes the device only if its token is still `token`: it may have registered a new one while the push was on its way.
   * @returns whether it was removed
   */
  abstract removeIfUnchanged(deviceId: string, token: string, signal: AbortSignal): Promise<boolean>;
}
