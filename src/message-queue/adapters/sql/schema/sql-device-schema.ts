import type { FeedKind } from '../../../ports/messages/device-feed.js';

/** Times are milliseconds since the epoch. */
type Milliseconds = number;

/** People whose devices are told. */
export interface DeviceFeedTable {
  person_id: string;
  /** Of the newest entry ever. Begins with the time, so that no position of a feed that was forgotten comes again. */
  last_position: number;
}

/** What a person's devices have to learn. */
export interface DeviceEntryTable {
  person_id: string;
  position: number;
  kind: FeedKind;
  message_id: string;
  conversation_id: string;
  at: Milliseconds;
  /** The message that the entry goes with; null for a recall, which outlives it. */
  stored_id: string | null;
}

/** Devices, and up to where each has everything. */
export interface DeviceTable {
  person_id: string;
  device_id: string;
  position: number;
  seen_at: Milliseconds;
}

/** How far a message has come with a device. */
export interface DeviceReceiptTable {
  message_id: string;
  person_id: string;
  device_id: string;
  delivered_at: Milliseconds | null;
  read_at: Milliseconds | null;
}
