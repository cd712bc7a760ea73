import { TraceHolder } from '../privacy/trace-holder.js';
import type { StoredMessage } from './message-store.js';

/** What a person's devices have to learn, in the order in which it came up. */
export const FeedKind = {
  /** A message to the person. */
  MESSAGE: 'message',
  /** A message that the person sent, from whichever device. */
  OWN: 'own',
  /** A message of the person has come further with a recipient. */
  STATUS: 'status',
  /** The person has read a message, on whichever device. */
  READ: 'read',
  /** A message that the person may have was recalled. */
  RECALL: 'recall',
} as const;

/** One of {@link FeedKind}'s values. */
export type FeedKind = (typeof FeedKind)[keyof typeof FeedKind];

/** Whether a value is a kind of entry. */
export function isFeedKind(value: unknown): value is FeedKind {
  return Object.values<unknown>(FeedKind).includes(value);
}

/** What a feed is told. */
export interface FeedNote {
  /** Whose feed. */
  readonly personId: string;
  readonly kind: FeedKind;
  readonly messageId: string;
  readonly conversationId: string;
  readonly at: Date;
}

/** Where an entry stands. */
export interface FeedPlace {
  /** Greater than that of every earlier entry of the person: the next whole number. */
  readonly position: number;
  /** False: it stood there already. */
  readonly isNew: boolean;
}

/** An entry as a device gets it. */
export interface FeedEntry {
  readonly position: number;
  readonly kind: FeedKind;
  readonly messageId: string;
  readonly conversationId: string;
  readonly at: Date;
  /** The message as it is now; null for a recall. */
  readonly message: StoredMessage | null;
}

/** The next entries of a feed. */
export interface FeedPage {
  readonly entries: readonly FeedEntry[];
  /** Up to where the page goes: behind it is what comes next. */
  readonly position: number;
  readonly hasMore: boolean;
}

/** A device of a person. */
export interface DeviceId {
  readonly personId: string;
  /** Chosen by the device; means nothing for another person. */
  readonly deviceId: string;
}

/** Up to where a device has everything. */
export interface DevicePosition extends DeviceId {
  readonly position: number;
}

/** What became of a device's word. */
export interface DeviceGreeting {
  /** From where on the device gets what it missed. */
  readonly position: number;
  /** Whether the feed did not know the device (any more). */
  readonly isNew: boolean;
  /** Messages to the person that were `pending`, and that the device has just said it has. At most 1 000. */
  readonly reached: readonly string[];
}

/** A device that the feed knows. */
export interface KnownDevice extends DevicePosition {
  /** When it last said something. */
  readonly seenAt: Date;
}

/** How far a message has come with one device of a person. */
export interface DeviceReceipt {
  readonly deviceId: string;
  /** When the device said that it has it; null: it said only that it was read. */
  readonly deliveredAt: Date | null;
  readonly readAt: Date | null;
}

/** How many devices of a person are known at most; a further one takes the place of the one that was silent longest. */
export const MOST_DEVICES = 20;

/**
 * What each person's devices have to learn: one list per person, with the place up to which each device has all of it. So a device that was
 * away gets what it missed, in order, whatever other devices had.
 *
 * A person has a feed from their first device on, and until the last is forgotten; the first device finds in it what was `pending`.
 * Entries go with their messages, and show messages as users see them: not those that were recalled, are being cleaned up or stand in a deleted
 * conversation, nor what failed on its way to the person after it had been noted. Positions of one person never come again. Every write of one person waits for the one before, so that
 * positions appear in their order.
 *
 * It belongs to the MessageStore beside it, whose messages it shows: plug in both. Its traces are entries, devices and receipts: of a message those about it, but
 * of recalls, which outlive their messages; of a conversation its entries; of a subject all of theirs.
 */
export abstract class DeviceFeed extends TraceHolder {
  /**
   * Notes something for a person's devices. A `message` or `own` that is noted keeps its place, except a message that failed, which comes
   * again; every other kind moves to the end.
   * @returns null when the person has no feed, or the message is gone
   */
  abstract note(note: FeedNote, signal: AbortSignal): Promise<FeedPlace | null>;

  /**
   * A device says that it is there, and where it stands. One that is not known starts before the oldest message that is `pending`, whatever it
   * says; a position behind the end of the feed counts as none.
   * @param position what it says it has; null: it does not know
   * @param at now
   */
  abstract greet(
    device: DeviceId,
    position: number | null,
    at: Date,
    signal: AbortSignal,
  ): Promise<DeviceGreeting>;

  /** Entries behind a position, in order; at most `limit`, 1 to 500. */
  abstract list(personId: string, after: number, limit: number, signal: AbortSignal): Promise<FeedPage>;

  /**
   * Devices of one person say up to where they have everything. Only ever moves forward; unknown devices and positions behind the end of the
   * feed change nothing.
   * @returns messages to the person among it that were `pending`, at most 1 000
   */
  abstract acknowledge(
    positions: readonly DevicePosition[],
    at: Date,
    signal: AbortSignal,
  ): Promise<readonly string[]>;

  /** A message was read on a device. Nothing when the device is unknown or the message none of the person's; the first time stays. */
  abstract noteRead(device: DeviceId, messageId: string, at: Date, signal: AbortSignal): Promise<void>;

  /** How far a message has come with the devices of a person, by device id. Those that were forgotten are not among them. */
  abstract listReceipts(
    messageId: string,
    personId: string,
    signal?: AbortSignal,
  ): Promise<readonly DeviceReceipt[]>;

  /** A person's devices, the one that was silent longest first. */
  abstract listDevices(personId: string, signal?: AbortSignal): Promise<readonly KnownDevice[]>;

  /** Forgets a device with its receipts: it was signed out. @returns whether it was known */
  abstract forget(device: DeviceId, signal: AbortSignal): Promise<boolean>;

  /** Forgets devices that were last seen before `before`, and the feeds of people who have none left. @returns how many devices */
  abstract forgetUnseen(before: Date, limit: number, signal: AbortSignal): Promise<number>;
}
