import assert from 'node:assert/strict';
import type { AttachmentStore } from '../../../ports/attachments/attachment-store.js';
import type { EncryptedContentStore } from '../../../ports/encryption/encrypted-content-store.js';
import type { CleanupStore } from '../../../ports/messages/cleanup-store.js';
import type { ConversationStore } from '../../../ports/messages/conversation-store.js';
import type { MessageStore } from '../../../ports/messages/message-store.js';
import type { NotificationInbox } from '../../../ports/notifications/notification-inbox.js';
import type { NotificationLedger } from '../../../ports/notifications/notification-ledger.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { aMessage, anAttachment, at, never } from '../contract-values.js';

/** The stores of one place, which see each other's data. */
export interface DeletionSubject {
  readonly attachments: AttachmentStore;
  readonly cleanup: CleanupStore;
  readonly contents: EncryptedContentStore;
  readonly conversations: ConversationStore;
  readonly inbox: NotificationInbox;
  readonly ledger: NotificationLedger;
  readonly messages: MessageStore;
}

/** What of a message is in the store of everything else. */
interface Copy {
  readonly messageId: string;
  readonly conversationId: string;
  /** Whether the copies say in which conversation they are: else only their message leads there. */
  readonly saysWhere: boolean;
  readonly writtenAt: Date;
}

/**
 * The contract of stores that see each other's data: what the deletion of a conversation, or a clean-up that has begun, hides of messages, it
 * hides of all their copies, and nothing else.
 * @param create empty stores over the same data for each test
 */
export function deletionContract(create: CreateSubject<DeletionSubject>, runner?: ContractRunner): void {
  declareContract('Stores of deleted conversations', create, runner, (test) => {
    declareHidden(test);
    declareClaimed(test);
    declareHolds(test);
  });
}

function declareHidden(test: ContractTest<DeletionSubject>): void {
  test('hide the copies of what was written until the deletion, and nothing later', async (subject) => {
    const stored = [copy('m1', at(1)), copy('m2', at(2)), copy('m3', at(3))];
    for (const one of stored) await store(subject, one);
    // Of no stored message: the copies say themselves where and when.
    await storeCopies(subject, { ...copy('n1', at(1)), saysWhere: true });
    await storeCopies(subject, { ...copy('n3', at(3)), saysWhere: true });
    await store(subject, { ...copy('other', at(1)), conversationId: 'conversation-2' });
    assert.deepEqual(await seen(subject, ALL), ALL);
    await subject.conversations.markDeleted('conversation-1', at(2));
    const left = ['m3', 'n3', 'other'];
    assert.deepEqual(await seen(subject, ALL), left);
    await subject.conversations.markDeleted('conversation-1', at(3));
    assert.deepEqual(await seen(subject, ALL), ['other']);
  });

  test('hide what comes late of an old message, and of a message written later they do not', async (subject) => {
    for (const one of [copy('m1', at(1)), copy('m3', at(3))]) await storeMessage(subject, one);
    await subject.conversations.markDeleted('conversation-1', at(2));
    await storeCopies(subject, { ...copy('m1', at(5)), saysWhere: true });
    await storeCopies(subject, { ...copy('m3', at(5)), saysWhere: true });
    assert.deepEqual(await seen(subject, ['m1', 'm3']), ['m3']);
  });

  test('say of messages whether they are hidden', async ({ messages, conversations }) => {
    for (const n of [1, 2]) await messages.save(aMessage({ messageId: `m${n}`, createdAt: at(n) }), never());
    assert.deepEqual(await messages.hiddenAmong(['m1'], never()), []);
    await conversations.markDeleted('conversation-1', at(1));
    assert.deepEqual(await messages.hiddenAmong(['m1'], never()), ['m1']);
    assert.deepEqual(await messages.hiddenAmong(['m2'], never()), []);
    assert.deepEqual(await messages.hiddenAmong(['unknown'], never()), []);
    await messages.hide('m2', never());
    assert.deepEqual(await messages.hiddenAmong(['m2'], never()), ['m2']);
  });
}

function declareClaimed(test: ContractTest<DeletionSubject>): void {
  test('hide what people were told of messages that a clean-up is removing', async (subject) => {
    await store(subject, copy('m1', at(1)));
    await store(subject, copy('m2', at(2)));
    await subject.cleanup.claim({ kind: 'old_messages', before: at(2) }, 10, never());
    const { items } = await subject.inbox.list('ben');
    assert.deepEqual(
      items.map(({ messageId }) => messageId),
      ['m2'],
    );
    assert.equal(await subject.inbox.markRead('ben', 'm1', at(9)), false);
    assert.equal(await subject.contents.findDecrypted('m1'), null);
  });
}

function declareHolds(test: ContractTest<DeletionSubject>): void {
  test('keep what people were told in a conversation under legal hold, however old', async (subject) => {
    await store(subject, copy('m1', at(1)));
    await storeCopies(subject, { ...copy('n1', at(1)), saysWhere: true });
    await store(subject, { ...copy('free', at(1)), conversationId: 'conversation-2' });
    await subject.conversations.setLegalHold('conversation-1', true);
    for (const aging of [subject.inbox, subject.ledger]) {
      assert.equal(await aging.countOld(at(9), never()), 1);
      assert.equal(await aging.removeOld(at(9), 10, never()), 1);
      assert.equal(await aging.removeOld(at(9), 10, never()), 0);
    }
    await subject.conversations.setLegalHold('conversation-1', false);
    for (const aging of [subject.inbox, subject.ledger]) {
      assert.equal(await aging.removeOld(at(9), 10, never()), 2);
    }
  });
}

const ALL = ['m1', 'm2', 'm3', 'n1', 'n3', 'other'];

function copy(messageId: string, writtenAt: Date): Copy {
  return { messageId, conversationId: 'conversation-1', saysWhere: false, writtenAt };
}

async function store(subject: DeletionSubject, one: Copy): Promise<void> {
  await storeMessage(subject, one);
  await storeCopies(subject, one);
}

async function storeMessage(subject: DeletionSubject, one: Copy): Promise<void> {
  const { messageId, conversationId, writtenAt: createdAt } = one;
  await subject.messages.save(aMessage({ messageId, conversationId, createdAt }), never());
  await subject.attachments.save(anAttachment({ id: messageId, messageId, fileKey: messageId }));
}

async function storeCopies({ inbox, ledger, contents }: DeletionSubject, one: Copy): Promise<void> {
  const { messageId, saysWhere, writtenAt } = one;
  const where = saysWhere ? { conversationId: one.conversationId } : {};
  const told = { notificationId: messageId, recipientId: 'ben', messageId };
  const entry = { ...told, title: 'New', body: 'Text', conversationId: null, createdAt: writtenAt };
  await inbox.add({ ...entry, ...where }, never());
  await ledger.record(
    { ...told, ...where, target: 'in_app', type: 'in_app', outcome: 'sent', at: writtenAt },
    never(),
  );
  const content = { messageId, ...where, version: 2 ** 52 + 1, writtenAt };
  const sealed = { ...content, envelope: 'envelope', keyId: 'key-1', algorithm: 'AES-256-GCM' } as const;
  await contents.saveEncrypted(sealed, never());
  await contents.saveDecrypted({ ...content, content: 'Text' }, never());
}

/** Which messages are seen: all stores must agree. */
async function seen(subject: DeletionSubject, ids: readonly string[]): Promise<readonly string[]> {
  const { inbox, ledger, contents, attachments, messages } = subject;
  const told = (await inbox.list('ben')).items.map(({ notificationId }) => notificationId).sort();
  const among = async (has: (id: string) => Promise<unknown>): Promise<string[]> => {
    const answers = await Promise.all(ids.map(has));
    return ids.filter((_, index) => Boolean(answers[index]));
  };
  assert.deepEqual(await among(async (id) => (await ledger.list(id)).length > 0), told, 'ledger');
  assert.deepEqual(await among((id) => contents.findEncrypted(id)), told, 'encrypted contents');
  assert.deepEqual(await among((id) => contents.findDecrypted(id)), told, 'decrypted contents');
  const stored = await among((id) => messages.find(id));
  assert.deepEqual(
    stored,
    told.filter((id) => !id.startsWith('n')),
    'messages',
  );
  const files = await among((id) => attachments.find(id));
  assert.deepEqual(files, stored, 'attachments');
  return told;
}
