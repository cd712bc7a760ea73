import { Inject, Injectable, Optional } from '@nestjs/common';
import { DeviceFeed, FeedKind, MOST_DEVICES } from '../../../ports/messages/device-feed.js';
import type {
  DeviceGreeting,
  DeviceId,
  DevicePosition,
  DeviceReceipt,
  FeedNote,
  FeedPage,
  FeedPlace,
  KnownDevice,
} from '../../../ports/messages/device-feed.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { eraseNext } from '../traces.js';
import { InMemoryDeviceEntries } from './in-memory-device-entries.js';
import { InMemoryMessages } from './in-memory-messages.js';

type ReceiptRow = DeviceReceipt & DeviceId & { readonly messageId: string };

/** How many messages one word of a device is taken for. */
const MOST_RECEIPTS = 1_000;

/** What people's devices have to learn, in memory and gone with the process. Too much: what is oldest is forgotten. */
@Injectable()
export class InMemoryDeviceFeed extends DeviceFeed {
  override readonly holds = 'deliveries by device';
  readonly #entries: InMemoryDeviceEntries;
  readonly #devices: BoundedMap<KnownDevice>;
  readonly #receipts: BoundedMap<ReceiptRow>;

  constructor(
    data: InMemoryMessages,
    @Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>,
  ) {
    super();
    this.#entries = new InMemoryDeviceEntries(data, limits);
    this.#devices = new BoundedMap(limits);
    this.#receipts = new BoundedMap(limits);
  }

  override note(note: FeedNote, signal: AbortSignal): Promise<FeedPlace | null> {
    return answer(signal, () => this.#entries.note(note));
  }

  override greet(
    device: DeviceId,
    position: number | null,
    at: Date,
    signal: AbortSignal,
  ): Promise<DeviceGreeting> {
    return answer(signal, () => {
      const { personId } = device;
      const isOpened = this.#entries.lastOf(personId) === undefined;
      this.#entries.open(personId, at);
      const reached = this.#advance(device, position, at);
      if (reached === null || isOpened) this.#entries.notePending(personId, at);
      if (reached === null) return { position: this.#add(device, at), isNew: true, reached: [] };
      return { position: this.#devices.get(nameOf(device))?.position ?? 0, isNew: false, reached };
    });
  }

  override list(personId: string, after: number, limit: number, signal: AbortSignal): Promise<FeedPage> {
    return answer(signal, () => {
      const rest = this.#entries.shownOf(personId, after);
      const entries = rest.slice(0, Math.min(Math.max(limit, 1), 500));
      const hasMore = rest.length > entries.length;
      const end = entries.at(-1)?.position ?? after;
      const last = this.#entries.lastOf(personId) ?? after;
      return { entries, position: hasMore ? end : Math.max(end, last), hasMore };
    });
  }

  override acknowledge(
    positions: readonly DevicePosition[],
    at: Date,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return answer(signal, () => {
      const reached = positions.flatMap((device) => this.#advance(device, device.position, at) ?? []);
      return [...new Set(reached)].slice(0, MOST_RECEIPTS);
    });
  }

  override noteRead(device: DeviceId, messageId: string, at: Date, signal: AbortSignal): Promise<void> {
    return answer(signal, () => {
      const isTheirs = this.#entries
        .of(device.personId)
        .some((entry) => entry.kind === FeedKind.MESSAGE && entry.messageId === messageId);
      if (!isTheirs || !this.#devices.has(nameOf(device))) return;
      const receipt = this.#receipt(device, messageId);
      this.#receipts.set(receiptName(receipt), { ...receipt, readAt: receipt.readAt ?? at });
    });
  }

  override listReceipts(
    messageId: string,
    personId: string,
    signal?: AbortSignal,
  ): Promise<readonly DeviceReceipt[]> {
    return answer(signal, () =>
      this.#receipts
        .values()
        .filter((receipt) => receipt.messageId === messageId && receipt.personId === personId)
        .sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1))
        .map(({ deviceId, deliveredAt, readAt }) => ({ deviceId, deliveredAt, readAt })),
    );
  }

  override listDevices(personId: string, signal?: AbortSignal): Promise<readonly KnownDevice[]> {
    return answer(signal, () => this.#devicesOf(personId));
  }

  override forget(device: DeviceId, signal: AbortSignal): Promise<boolean> {
    return answer(signal, () => this.#remove(device));
  }

  override forgetUnseen(before: Date, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () => {
      const unseen = this.#devices
        .values()
        .filter(({ seenAt }) => seenAt < before)
        .slice(0, limit);
      for (const device of unseen) this.#remove(device);
      for (const personId of this.#entries.people()) {
        const isOld = (this.#entries.lastOf(personId) ?? 0) < before.getTime();
        if (!isOld || this.#devicesOf(personId).length > 0) continue;
        for (const entry of this.#entries.of(personId)) this.#entries.remove(entry);
        this.#entries.close(personId);
      }
      return unseen.length;
    });
  }

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.#tracesOf(target).length);
  }

  override eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () => eraseNext(this.#tracesOf(target), limit, (erase) => erase()));
  }

  #add(device: DeviceId, at: Date): number {
    const { personId } = device;
    const [pending] = this.#entries
      .shownOf(personId, 0)
      .filter(
        ({ kind, messageId }) => kind === FeedKind.MESSAGE && this.#entries.isPending(messageId, personId),
      );
    const position = pending === undefined ? (this.#entries.lastOf(personId) ?? 0) : pending.position - 1;
    for (const silent of this.#devicesOf(personId).slice(0, -(MOST_DEVICES - 1))) this.#remove(silent);
    this.#devices.set(nameOf(device), { ...device, position, seenAt: at });
    return position;
  }

  /** @returns pending messages that the device has just said it has; null: it is not known */
  #advance(device: DeviceId, claimed: number | null, at: Date): string[] | null {
    const known = this.#devices.get(nameOf(device));
    const last = this.#entries.lastOf(device.personId);
    if (known === undefined || last === undefined) return null;
    const isForward = claimed !== null && claimed > known.position && claimed <= last;
    const position = isForward ? claimed : known.position;
    this.#devices.set(nameOf(device), { ...known, position, seenAt: at > known.seenAt ? at : known.seenAt });
    if (!isForward) return [];
    const passed = this.#entries
      .shownOf(device.personId, known.position, position)
      .filter(({ kind }) => kind === FeedKind.MESSAGE || kind === FeedKind.OWN)
      .slice(-MOST_RECEIPTS);
    for (const { messageId } of passed) {
      const receipt = this.#receipt(device, messageId);
      this.#receipts.set(receiptName(receipt), { ...receipt, deliveredAt: receipt.deliveredAt ?? at });
    }
    return passed
      .filter(
        ({ kind, messageId }) =>
          kind === FeedKind.MESSAGE && this.#entries.isPending(messageId, device.personId),
      )
      .map(({ messageId }) => messageId);
  }

  #receipt({ personId, deviceId }: DeviceId, messageId: string): ReceiptRow {
    const fresh = { personId, deviceId, messageId, deliveredAt: null, readAt: null };
    return this.#receipts.get(receiptName(fresh)) ?? fresh;
  }

  /** The one that was silent longest first. */
  #devicesOf(personId: string): KnownDevice[] {
    return this.#devices
      .values()
      .filter((device) => device.personId === personId)
      .sort((a, b) => a.seenAt.getTime() - b.seenAt.getTime() || (a.deviceId < b.deviceId ? -1 : 1));
  }

  #remove(device: DeviceId): boolean {
    for (const receipt of this.#receipts.values().filter((one) => nameOf(one) === nameOf(device)))
      this.#receipts.delete(receiptName(receipt));
    return this.#devices.delete(nameOf(device));
  }

  #tracesOf(target: TraceTarget): (() => unknown)[] {
    const entries = this.#entries.tracesOf(target).map((row) => () => this.#entries.remove(row));
    const ids = new Set(target.kind === 'messages' ? target.messageIds : []);
    const receipts = this.#receipts
      .values()
      .filter(
        ({ messageId, personId }) =>
          ids.has(messageId) || (target.kind === 'subject' && personId === target.subjectId),
      )
      .map((receipt) => () => this.#receipts.delete(receiptName(receipt)));
    if (target.kind !== 'subject') return [...entries, ...receipts];
    const { subjectId } = target;
    const devices = this.#devicesOf(subjectId).map((device) => () => this.#remove(device));
    const hasFeed = this.#entries.lastOf(subjectId) !== undefined;
    const feed = hasFeed ? [() => this.#entries.close(subjectId)] : [];
    return [...entries, ...receipts, ...devices, ...feed];
  }
}

function nameOf({ personId, deviceId }: DeviceId): string {
  return `${personId}\0${deviceId}`;
}

function receiptName({ messageId, personId, deviceId }: ReceiptRow): string {
  return `${messageId}\0${personId}\0${deviceId}`;
}
