import assert from 'node:assert/strict';
import type { AttachmentStore, StoredAttachment } from '../../../ports/attachments/attachment-store.js';
import type { ConversationStore } from '../../../ports/messages/conversation-store.js';
import type { MessageStore } from '../../../ports/messages/message-store.js';
import { TraceHolder } from '../../../ports/privacy/trace-holder.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { ContractTest } from '../contract-runner.js';
import { aMessage, anAttachment, never } from '../contract-values.js';
import { declareTraces } from '../privacy/trace-holder.contract.js';

/** An AttachmentStore and the stores that know whose attachments are under legal hold. */
export interface AttachmentStoreSubject {
  readonly attachments: AttachmentStore;
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
}

/** The rows of a store as its trace holder sees them, without their files. */
class RowTraces extends TraceHolder {
  override readonly holds = 'attachments';

  constructor(private readonly attachments: AttachmentStore) {
    super();
  }

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return this.attachments.countOf(target, signal);
  }

  override async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    const rows = await this.attachments.listOf(target, limit, signal);
    return this.attachments.removeMany(
      rows.map(({ id }) => id),
      signal,
    );
  }
}

/** What an AttachmentStore says of targets. */
export function declareAttachmentTraces(test: ContractTest<AttachmentStoreSubject>): void {
  declareTraces(test, {
    foundBy: ['messages', 'conversation', 'deletions', 'subject'],
    knowsConversations: true,
    holder: ({ attachments }) => new RowTraces(attachments),
    put: async ({ attachments, messages }, { id, messageId, conversationId, subjectId, writtenAt }) => {
      await messages.save(
        aMessage({ messageId, conversationId, senderId: subjectId, createdAt: writtenAt }),
        never(),
      );
      await attachments.save(anAttachment({ id, messageId, fileKey: id, expiresAt: null }));
    },
    has: async ({ attachments }, { id }) => (await attachments.find(id)) !== null,
    hold: ({ conversations }, conversationId) => conversations.setLegalHold(conversationId, true),
  });

  test('lists whole rows of a target, in a stable order', async ({ attachments, messages }) => {
    await messages.save(aMessage(), never());
    const rows = ['c', 'a', 'd', 'b'].map((id) => anAttachment({ id, fileKey: `file ${id}` }));
    for (const row of rows) await attachments.save(row);
    const target = { kind: 'messages', messageIds: ['message-1'] } as const;
    const all = await attachments.listOf(target, 10, never());
    assert.deepEqual(sorted(all), sorted(rows));
    assert.deepEqual(await attachments.listOf(target, 3, never()), all.slice(0, 3));
    await attachments.removeMany([all[0]?.id ?? ''], never());
    assert.deepEqual(await attachments.listOf(target, 10, never()), all.slice(1));
  });

  test('finds by message what no stored message leads to', async ({ attachments }) => {
    await attachments.save(anAttachment({ messageId: 'not stored' }));
    const target = { kind: 'messages', messageIds: ['not stored'] } as const;
    assert.equal(await attachments.countOf(target, never()), 1);
    assert.equal((await attachments.listOf(target, 10, never())).length, 1);
  });

  test('finds nothing of a target that is under legal hold, its own or its conversation’s', async (subject) => {
    const { attachments, messages, conversations } = subject;
    await messages.save(aMessage({ messageId: 'held', conversationId: 'held' }), never());
    await messages.save(aMessage({ messageId: 'free' }), never());
    await conversations.setLegalHold('held', true);
    await attachments.save(anAttachment({ id: 'own', messageId: 'free', legalHold: true }));
    await attachments.save(anAttachment({ id: "conversation's", messageId: 'held' }));
    await attachments.save(anAttachment({ id: 'free', messageId: 'free' }));
    const targets: readonly TraceTarget[] = [
      { kind: 'messages', messageIds: ['held', 'free'] },
      { kind: 'subject', subjectId: 'ana', exceptConversations: [] },
      { kind: 'conversation', conversationId: 'conversation-1' },
    ];
    for (const target of targets) {
      assert.equal(await attachments.countOf(target, never()), 1);
      const ids = (await attachments.listOf(target, 10, never())).map(({ id }) => id);
      assert.deepEqual(ids, ['free']);
    }
    assert.equal(await attachments.countOf({ kind: 'conversation', conversationId: 'held' }, never()), 0);
  });
}

function sorted(rows: readonly StoredAttachment[]): StoredAttachment[] {
  return [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
}
