import {
  InMemoryAttachmentFiles,
  InMemoryAttachmentStore,
  InMemoryConversationStore,
  InMemoryMessages,
  InMemoryMessageStore,
} from '../../adapters/in-memory/index.js';
import { traceHolderContract } from '../../testing/contracts/index.js';
import { aMessage, anAttachment, never } from '../../testing/contracts/contract-values.js';
import { recorded } from '../../testing/recorded.js';
import { AttachmentTraces } from './attachment-traces.js';

function setUp() {
  const data = new InMemoryMessages();
  const attachments = recorded(new InMemoryAttachmentStore(data));
  const files = recorded(new InMemoryAttachmentFiles());
  const add = async (id: string, messageId: string, fileKey = id): Promise<void> => {
    await attachments.save(anAttachment({ id, messageId, fileKey, expiresAt: null }));
    await files.write(fileKey, Buffer.from(id));
  };
  const messages = new InMemoryMessageStore(data);
  const conversations = new InMemoryConversationStore(data);
  return {
    messages,
    conversations,
    attachments,
    files,
    add,
    traces: new AttachmentTraces(attachments, files),
  };
}

const M1 = { kind: 'messages', messageIds: ['m1'] } as const;

describe('AttachmentTraces', () => {
  traceHolderContract(setUp, {
    foundBy: ['messages', 'conversation', 'deletions', 'subject'],
    knowsConversations: true,
    holder: ({ traces }) => traces,
    put: async ({ messages, add }, { id, messageId, conversationId, subjectId, writtenAt }) => {
      await messages.save(
        aMessage({ messageId, conversationId, senderId: subjectId, createdAt: writtenAt }),
        never(),
      );
      await add(id, messageId);
    },
    has: async ({ attachments, files }, { id }) => {
      const isThere = (await attachments.find(id)) !== null;
      expect((await files.read(id)) !== null).toBe(isThere);
      return isThere;
    },
    hold: ({ conversations }, conversationId) => conversations.setLegalHold(conversationId, true),
  });

  it('removes a file before its row, and a row only without its file', async () => {
    const { attachments, files, traces, add } = setUp();
    await add('a', 'm1');
    attachments.recorder.fail('removeMany', new Error('crash'));
    await expect(traces.eraseTraces(M1, 10, never())).rejects.toThrow('crash');
    expect(await files.read('a')).toBeNull();
    expect(await traces.countTraces(M1, never())).toBe(1);
    expect(await traces.eraseTraces(M1, 10, never())).toBe(1);
  });

  it('removes what it can, page by page, before it fails for a file that resists', async () => {
    const { attachments, files, traces, add } = setUp();
    for (const id of ['a', 'b', 'c', 'd', 'e']) await add(id, 'm1');
    const remove = files.remove.bind(files);
    files.remove = (key, signal) => (key === 'b' ? Promise.reject(new Error('EACCES')) : remove(key, signal));
    const erased: number[] = [];
    const eraseAll = async (): Promise<void> => {
      for (let calls = 0; calls < 10; calls += 1) erased.push(await traces.eraseTraces(M1, 2, never()));
    };
    await expect(eraseAll()).rejects.toThrow('1 attachment files could not be removed.');
    expect(erased).toEqual([1, 1, 1, 1]);
    expect(await traces.countTraces(M1, never())).toBe(1);
    expect(await attachments.find('b')).not.toBeNull();
  });

  it('keeps a file that another row needs, and every row of a file that resists', async () => {
    const { files, traces, add } = setUp();
    await add('a', 'm1', 'shared');
    await add('b', 'm2', 'shared');
    expect(await traces.eraseTraces(M1, 10, never())).toBe(1);
    expect(await files.read('shared')).not.toBeNull();
    await add('c', 'm2', 'shared');
    files.recorder.fail('remove', new Error('EACCES'));
    const m2 = { kind: 'messages', messageIds: ['m2'] } as const;
    await expect(traces.eraseTraces(m2, 10, never())).rejects.toThrow('1 attachment files could not');
    expect(await traces.countTraces(m2, never())).toBe(2);
    expect(await traces.eraseTraces(m2, 10, never())).toBe(2);
    expect(await files.read('shared')).toBeNull();
  });

  it('leaves no file when its last two rows go at the same time', async () => {
    const { files, traces, add } = setUp();
    await add('a', 'm1', 'shared');
    await add('b', 'm2', 'shared');
    const both = ['m1', 'm2'].map((id) =>
      traces.eraseTraces({ kind: 'messages', messageIds: [id] }, 10, never()),
    );
    expect(await Promise.all(both)).toEqual([1, 1]);
    expect(await files.read('shared')).toBeNull();
  });

  it.each([1, 2])('ends at its signal, and removes no row, with %i files', async (count) => {
    const { files, traces, add } = setUp();
    for (const id of ['a', 'b'].slice(0, count)) await add(id, 'm1');
    const controller = new AbortController();
    const remove = files.remove.bind(files);
    files.remove = (key, signal) => {
      controller.abort(new Error('stop'));
      return remove(key, signal);
    };
    await expect(traces.eraseTraces(M1, 10, controller.signal)).rejects.toThrow('stop');
    expect(await traces.countTraces(M1, never())).toBe(count);
  });
});
