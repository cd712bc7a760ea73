import { ID_RULE, isId } from '../../../kernel/values/id.js';
import { Issues } from '../../../kernel/values/issues.js';
import type { CleanupSelection } from '../../ports/messages/cleanup-store.js';
import type { ConversationMembers } from '../../ports/messages/conversation-members.js';
import type { ConversationStore } from '../../ports/messages/conversation-store.js';
import type { MessageStore } from '../../ports/messages/message-store.js';
import type { ErasedKind, HeldRecords } from '../../ports/privacy/tombstone.js';
import type { TraceTarget } from '../../ports/privacy/trace-holder.js';
import { InvalidErasureError } from './erasure-errors.js';
import { everyEntry } from './every-entry.js';

/** What is erased, by its id. */
export interface ErasureTarget {
  readonly kind: 'conversation' | 'subject';
  readonly id: string;
}

/** @throws InvalidErasureError */
export function checkTarget({ kind, id }: { readonly kind: ErasedKind; readonly id: string }): void {
  const issues = new Issues();
  issues.unless(isId(id), `${kind}Id`, `must be an id ${ID_RULE}`);
  issues.throwIfAny(InvalidErasureError, 'Nothing was changed:');
}

/** One part of an erasure: the traces of a target, and the messages that lead to others. Parts never overlap. */
export interface ErasurePart {
  readonly target: TraceTarget;
  readonly messages: CleanupSelection;
}

/** What there is to do. */
export interface ErasurePlan {
  readonly parts: readonly ErasurePart[];
  /** Conversations to shred whole, because nobody else remains in them. */
  readonly alone: readonly string[];
  readonly held: readonly HeldRecords[];
}

/** Where conversations are looked up. */
export interface ErasureStores {
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly members: ConversationMembers;
}

/**
 * Looks what an erasure has to do now, and what legal holds keep.
 * @param alone conversations that it has begun to shred: nothing may lead to them any more. Default: none
 */
export async function planErasure(
  target: ErasureTarget,
  stores: ErasureStores,
  signal: AbortSignal,
  alone: readonly string[] = [],
): Promise<ErasurePlan> {
  return target.kind === 'conversation'
    ? planConversation(target.id, stores, signal)
    : planSubject(target.id, new Set(alone), stores, signal);
}

async function planConversation(
  conversationId: string,
  { conversations }: ErasureStores,
  signal: AbortSignal,
): Promise<ErasurePlan> {
  const mark = await conversations.find(conversationId, signal);
  // How many records a hold keeps nobody counts: the erasure says what it found before.
  if (mark?.legalHold === true) return { parts: [], alone: [], held: [{ conversationId, records: 0 }] };
  return { parts: [partOf(conversationId)], alone: [], held: [] };
}

async function planSubject(
  subjectId: string,
  begun: ReadonlySet<string>,
  stores: ErasureStores,
  signal: AbortSignal,
): Promise<ErasurePlan> {
  const held: HeldRecords[] = [];
  const alone: string[] = [];
  const shares = await conversationsOf(subjectId, stores, signal);
  for (const id of begun) if (!shares.has(id)) shares.set(id, NO_SHARE);
  for (const [conversationId, share] of shares) {
    const mark = await stores.conversations.find(conversationId, signal);
    if (mark?.legalHold === true) held.push({ conversationId, records: share.records });
    else if (begun.has(conversationId) || (await isAlone(subjectId, conversationId, share, stores, signal))) {
      alone.push(conversationId);
    }
  }
  const exceptConversations = [...held.map(({ conversationId }) => conversationId), ...alone];
  const rest: ErasurePart = {
    target: { kind: 'subject', subjectId, exceptConversations },
    messages: { kind: 'sender', senderId: subjectId, exceptConversations },
  };
  return { parts: [...alone.map(partOf), rest], alone, held };
}

function partOf(conversationId: string): ErasurePart {
  const target = { kind: 'conversation', conversationId } as const;
  return { target, messages: target };
}

interface Share {
  readonly records: number;
  readonly isShared: boolean;
}

const NO_SHARE: Share = { records: 0, isShared: false };

/** Where the person wrote or was written to, and where they only belong. */
async function conversationsOf(
  subjectId: string,
  { messages, members }: ErasureStores,
  signal: AbortSignal,
): Promise<Map<string, Share>> {
  const found = new Map<string, Share>();
  for await (const share of everyEntry((page) => messages.listConversationsOf(subjectId, page, signal))) {
    found.set(share.conversationId, share);
  }
  for await (const id of everyEntry((page) => members.listConversationsOf(subjectId, page, signal))) {
    if (!found.has(id)) found.set(id, NO_SHARE);
  }
  return found;
}

/** By its members where it has any; else by who wrote and was written to. */
async function isAlone(
  subjectId: string,
  conversationId: string,
  { isShared }: Share,
  { members }: ErasureStores,
  signal: AbortSignal,
): Promise<boolean> {
  const hasOthers = await members.hasOthers(conversationId, subjectId, signal);
  return !(hasOthers ?? isShared);
}
