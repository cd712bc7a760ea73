import assert from 'node:assert/strict';
import type { ConversationMembers } from '../../../ports/messages/conversation-members.js';
import { InvalidCursorError } from '../../../ports/page.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { allPages, AWKWARD_TEXT, rejectsWhenAborted } from '../contract-values.js';
import { declareTraces } from '../privacy/trace-holder.contract.js';

/** The contract of every ConversationMembers. @param create one without members for each test */
export function conversationMembersContract(
  create: CreateSubject<ConversationMembers>,
  runner?: ContractRunner,
): void {
  declareContract('ConversationMembers', create, runner, (test) => {
    test('knows nobody at first', async (members) => {
      assert.equal(await members.isMember('conversation-1', 'ana'), false);
    });

    test('lets the first found a conversation, and nobody after them', async (members) => {
      assert.equal(await members.found('conversation-1', ['ana', 'ben']), true);
      assert.equal(await members.found('conversation-1', ['mallory', 'ana']), false);
      assert.equal(await members.found('conversation-2', ['mallory', 'mallory']), true);
      await expectMembers(members, 'conversation-1', { ana: true, ben: true, mallory: false });
      await expectMembers(members, 'conversation-2', { ana: false, ben: false, mallory: true });
    });

    test('lets one of many found a conversation that they found at once', async (members) => {
      const people = Array.from({ length: 8 }, (_, n) => `person-${n}`);
      const founded = await Promise.all(people.map((person) => members.found('conversation-1', [person])));
      assert.equal(founded.filter(Boolean).length, 1);
      const areMembers = await Promise.all(
        people.map((person) => members.isMember('conversation-1', person)),
      );
      assert.deepEqual(areMembers, founded);
    });

    test('adds members, again and again, also to a conversation without any', async (members) => {
      await members.add('conversation-1', ['ana', 'ben']);
      await members.add('conversation-1', ['ben', 'cem', 'cem']);
      await members.add('conversation-1', []);
      assert.equal(await members.found('conversation-1', ['mallory']), false);
      await expectMembers(members, 'conversation-1', { ana: true, ben: true, cem: true, mallory: false });
      await members.add('conversation-2', []);
      assert.equal(await members.found('conversation-2', ['ana']), true);
    });
    declareChanges(test);
    declareLists(test);
    declareTraces(test, {
      foundBy: ['conversation', 'subject'],
      knowsConversations: true,
      holder: (members) => members,
      put: (members, { conversationId, subjectId }) => members.add(conversationId, [subjectId]),
      has: (members, { conversationId, subjectId }) => members.isMember(conversationId, subjectId),
    });
  });
}

function declareLists(test: ContractTest<ConversationMembers>): void {
  test('says whether anybody else is a member', async (members) => {
    assert.equal(await members.hasOthers('conversation-1', 'ana'), null);
    await members.found('conversation-1', ['ana']);
    assert.equal(await members.hasOthers('conversation-1', 'ana'), false);
    assert.equal(await members.hasOthers('conversation-1', 'Ana'), true);
    assert.equal(await members.hasOthers('conversation-2', 'ana'), null);
    await members.add('conversation-1', ['ben']);
    assert.equal(await members.hasOthers('conversation-1', 'ana'), true);
    await members.remove('conversation-1', 'ana');
    assert.equal(await members.hasOthers('conversation-1', 'ana'), true);
    await members.remove('conversation-1', 'ben');
    assert.equal(await members.hasOthers('conversation-1', 'ana'), null);
  });

  test('lists the conversations of a member, each once, page by page', async (members) => {
    const ids = Array.from({ length: 5 }, (_, index) => `conversation-${index}`);
    for (const id of ids) await members.found(id, ['ana', 'ben']);
    await members.found('elsewhere', ['ben', 'Ana']);
    const pages = await allPages((page) => members.listConversationsOf('ana', page), 2);
    assert.deepEqual(
      pages.map((page) => page.length),
      [2, 2, 1],
    );
    assert.deepEqual(pages.flat().sort(), ids);
    assert.deepEqual((await members.listConversationsOf('cleo')).items, []);
    for (const cursor of ['', 'nonsense', 'MQ', 'MToA'])
      await assert.rejects(members.listConversationsOf('ana', { cursor }), InvalidCursorError);
  });
}

/** What becomes of members, and of calls that are given up. */
function declareChanges(test: ContractTest<ConversationMembers>): void {
  test('removes one member, and says whether there was one', async (members) => {
    await members.found('conversation-1', ['ana', 'ben']);
    assert.equal(await members.remove('conversation-1', 'ana'), true);
    assert.equal(await members.remove('conversation-1', 'ana'), false);
    assert.equal(await members.remove('conversation-2', 'ben'), false);
    await expectMembers(members, 'conversation-1', { ana: false, ben: true });
    // Whoever founded it has left, and still nobody else may.
    assert.equal(await members.found('conversation-1', ['mallory']), false);
    await members.remove('conversation-1', 'ben');
    assert.equal(await members.found('conversation-1', ['cem']), true);
  });

  test('takes ids as they are', async (members) => {
    const awkward = AWKWARD_TEXT.replaceAll(/\s/g, '_');
    await members.found(awkward, [awkward, 'Ana']);
    await expectMembers(members, awkward, {
      [awkward]: true,
      Ana: true,
      ana: false,
      An_: false,
      '%': false,
    });
    await expectMembers(members, awkward.toUpperCase(), { Ana: false });
  });

  test('does nothing once its signal has aborted', async (members) => {
    await rejectsWhenAborted((signal) => members.found('conversation-1', ['ana'], signal));
    await rejectsWhenAborted((signal) => members.add('conversation-1', ['ana'], signal));
    await rejectsWhenAborted((signal) => members.remove('conversation-1', 'ana', signal));
    await rejectsWhenAborted((signal) => members.isMember('conversation-1', 'ana', signal));
    assert.equal(await members.isMember('conversation-1', 'ana'), false);
  });
}

async function expectMembers(
  members: ConversationMembers,
  conversationId: string,
  expected: Readonly<Record<string, boolean>>,
): Promise<void> {
  for (const [memberId, isMember] of Object.entries(expected))
    assert.equal(await members.isMember(conversationId, memberId), isMember, memberId);
}
