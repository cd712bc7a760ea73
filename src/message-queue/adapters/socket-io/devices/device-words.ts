import { isRecord } from '../../../../kernel/values/kinds.js';
import { isWellFormed } from '../../../../kernel/values/well-formed.js';
import type { DeviceAnswer, SyncRequest } from '../socket-protocol.js';

const DEVICE_ID = /^[\w.-]{1,64}$/;
const LONGEST_MESSAGE_ID = 255;

/** A client's request, or null when it is none. */
export function parseSyncRequest(request: unknown): SyncRequest | null {
  if (!isRecord(request)) return null;
  const { deviceId, position } = request;
  if (typeof deviceId !== 'string' || !DEVICE_ID.test(deviceId)) return null;
  if (position !== undefined && !isPosition(position)) return null;
  return { deviceId, ...(position !== undefined && { position }) };
}

/** Which devices have acknowledged; clients that do not say so are left out. Of one that answers twice the last word counts. */
export function parseDeviceAnswers(answers: readonly unknown[]): DeviceAnswer[] {
  const said = new Map<string, DeviceAnswer>();
  for (const answer of answers) {
    const word = parseSyncRequest(answer);
    if (word?.position === undefined) continue;
    said.set(word.deviceId, { deviceId: word.deviceId, position: word.position });
  }
  return [...said.values()];
}

/** The message that a confirmation says was read; null: it says something else, or names no id that can be one. */
export function readMessageIn(confirmation: unknown): string | null {
  if (!isRecord(confirmation) || confirmation['status'] !== 'read') return null;
  const { messageId } = confirmation;
  if (typeof messageId !== 'string' || messageId === '' || messageId.length > LONGEST_MESSAGE_ID) return null;
  return isWellFormed(messageId) && !messageId.includes('\0') ? messageId : null;
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
