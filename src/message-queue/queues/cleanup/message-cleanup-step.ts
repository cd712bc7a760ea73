import type { AgedMessages, CleanupStore } from '../../ports/messages/cleanup-store.js';
import type { DeviceFeed } from '../../ports/messages/device-feed.js';
import { MessageRemoval } from '../../ports/messages/message-removal.js';
import type { MessageTraces } from '../../ports/privacy/message-traces.js';
import type { Deletion } from '../../ports/privacy/trace-holder.js';
import type { CleanupStep } from './cleanup-step.js';

/** As many as trace holders take. */
const DELETIONS_AT_ONCE = 200;

/** Removes messages with all their traces. */
export class MessageCleanupStep implements CleanupStep {
  private readonly removal: MessageRemoval;

  constructor(
    private readonly selection: AgedMessages,
    private readonly store: CleanupStore,
    private readonly traces: MessageTraces,
    /** Devices that have said nothing since then go with the old messages. */
    private readonly devices: { readonly feed: DeviceFeed; readonly silentSince: Date },
  ) {
    this.removal = new MessageRemoval(store, traces);
  }

  count(signal: AbortSignal): Promise<number> {
    return this.store.count(this.selection, signal);
  }

  async run(limit: number, signal: AbortSignal): Promise<number> {
    const { messages } = await this.removal.next(this.selection, limit, signal);
    if (messages === 0) await this.removeMarks(limit, signal);
    return messages;
  }

  /** What is left when its messages have gone. */
  private async removeMarks(limit: number, signal: AbortSignal): Promise<void> {
    const { kind, before } = this.selection;
    if (kind === 'deleted_conversations') await this.eraseDeletions(before, signal);
    const remove = (): Promise<number> =>
      kind === 'old_messages'
        ? this.store.removeOldRecalls(before, limit, signal)
        : this.store.removeEmptyConversations(before, limit, signal);
    while ((await remove()) > 0) signal.throwIfAborted();
    if (kind !== 'old_messages') return;
    const { feed, silentSince } = this.devices;
    while ((await feed.forgetUnseen(silentSince, limit, signal)) > 0) signal.throwIfAborted();
  }

  /** What no message leads to: jobs that wait, notifications and contents of a conversation alone. */
  private async eraseDeletions(before: Date, signal: AbortSignal): Promise<void> {
    for (let last: Deletion | null = null; ;) {
      signal.throwIfAborted();
      const deletions: readonly Deletion[] = await this.store.listDeletions(
        before,
        DELETIONS_AT_ONCE,
        last,
        signal,
      );
      last = deletions.at(-1) ?? null;
      if (last === null) return;
      await this.traces.eraseDeletions(deletions, signal);
    }
  }
}
