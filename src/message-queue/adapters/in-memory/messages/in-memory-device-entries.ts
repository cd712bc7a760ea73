import { FeedKind } from '../../../ports/messages/device-feed.js';
import type { FeedEntry, FeedNote, FeedPlace } from '../../../ports/messages/device-feed.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { BoundedMap } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import type { InMemoryMessages } from './in-memory-messages.js';

/** A place in a person's feed. */
export type EntryRow = FeedNote & { readonly position: number };

/** Kinds that keep their place once they were noted. */
const KEPT: readonly FeedKind[] = [FeedKind.MESSAGE, FeedKind.OWN];

/** The entries of all feeds. Too many: the oldest are forgotten. */
export class InMemoryDeviceEntries {
  readonly #entries: BoundedMap<EntryRow>;
  /** The last position of each person who has a feed. */
  readonly #last: BoundedMap<number>;

  constructor(
    private readonly data: InMemoryMessages,
    limits: Partial<InMemoryLimits> | undefined,
  ) {
    this.#entries = new BoundedMap(limits);
    this.#last = new BoundedMap(limits);
  }

  lastOf(personId: string): number | undefined {
    return this.#last.get(personId);
  }

  /** Opens a feed, which begins with the time: no position of one that was forgotten comes again. */
  open(personId: string, at: Date): void {
    if (!this.#last.has(personId)) this.#last.set(personId, at.getTime());
  }

  /** People who have a feed. */
  people(): string[] {
    return this.#last.keys();
  }

  /** Forgets a feed, but not what is in it. */
  close(personId: string): boolean {
    return this.#last.delete(personId);
  }

  note(note: FeedNote): FeedPlace | null {
    const last = this.lastOf(note.personId);
    if (last === undefined) return null;
    if (note.kind !== FeedKind.RECALL && this.data.message(note.messageId) === undefined) return null;
    const known = this.#entries.get(keyOf(note));
    if (known !== undefined && KEPT.includes(note.kind) && !this.#hasFailed(known))
      return { position: known.position, isNew: false };
    const row = { ...note, position: last + 1 };
    this.#last.set(note.personId, row.position);
    this.#entries.set(keyOf(row), row);
    return { position: row.position, isNew: true };
  }

  /** Adds what waits for a person, the oldest first. */
  notePending(personId: string, at: Date): void {
    const waiting = this.data
      .messages()
      .filter(({ messageId }) => this.isPending(messageId, personId))
      .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.messageId < b.messageId ? -1 : 1));
    for (const { messageId, conversationId } of waiting)
      this.note({ personId, kind: FeedKind.MESSAGE, messageId, conversationId, at });
  }

  /** Whether a message waits for a person. */
  isPending(messageId: string, personId: string): boolean {
    const message = this.data.message(messageId);
    if (message === undefined || !this.data.isVisible(message)) return false;
    return this.data.copy(messageId, personId)?.status === 'pending';
  }

  /** A person's entries, in order: one that moves is written anew. */
  of(personId: string): EntryRow[] {
    return this.#entries.values().filter((row) => row.personId === personId);
  }

  /** Those between two positions that devices are shown. @param upTo default the last */
  shownOf(personId: string, after: number, upTo = Number.MAX_SAFE_INTEGER): FeedEntry[] {
    const rows = this.of(personId).filter(({ position }) => position > after && position <= upTo);
    return rows.flatMap(({ position, kind, messageId, conversationId, at }): FeedEntry[] => {
      const entry = { position, kind, messageId, conversationId, at };
      if (kind === FeedKind.RECALL) return [{ ...entry, message: null }];
      const message = this.data.message(messageId);
      if (message === undefined || !this.data.isVisible(message)) return [];
      if (this.#hasFailed({ ...entry, personId })) return [];
      const recipients = this.data
        .copiesOf(messageId)
        .map(({ statusAt: _statusAt, ...status }) => status)
        .sort((a, b) => (a.recipientId < b.recipientId ? -1 : 1));
      const { receivedAt: _receivedAt, ...shown } = message;
      return [{ ...entry, message: { ...shown, recipients } }];
    });
  }

  /** What of a target no legal hold keeps. */
  tracesOf(target: TraceTarget): EntryRow[] {
    // Without a text of its own, an entry goes with its message.
    if (target.kind === 'deletions') return [];
    const ids = new Set(target.kind === 'messages' ? target.messageIds : []);
    const left = new Set(target.kind === 'subject' ? target.exceptConversations : []);
    return this.#entries.values().filter(({ kind, messageId, conversationId, personId }) => {
      if (target.kind === 'messages') return kind !== FeedKind.RECALL && ids.has(messageId);
      if (left.has(conversationId) || this.data.isHeld(conversationId)) return false;
      return target.kind === 'subject'
        ? personId === target.subjectId
        : conversationId === target.conversationId;
    });
  }

  remove(row: EntryRow): void {
    this.#entries.delete(keyOf(row));
  }

  #hasFailed({
    kind,
    messageId,
    personId,
    at,
  }: Pick<EntryRow, 'kind' | 'messageId' | 'personId' | 'at'>): boolean {
    const copy = this.data.copy(messageId, personId);
    return kind === FeedKind.MESSAGE && copy?.status === 'failed' && copy.statusAt > at;
  }
}

function keyOf({ personId, kind, messageId }: FeedNote): string {
  return `${personId}\0${kind}\0${messageId}`;
}
