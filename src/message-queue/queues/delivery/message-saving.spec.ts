import { InMemoryMessages } from '../../adapters/in-memory/messages/in-memory-messages.js';
import { InMemoryMessageStore } from '../../adapters/in-memory/messages/in-memory-message.store.js';
import { InMemoryKeyProvider } from '../../adapters/in-memory/encryption/in-memory-key.provider.js';
import { NodeMessageCipher } from '../../adapters/node-crypto/node-message-cipher.js';
import { MessageIdTakenError } from '../../ports/messages/message-store.js';
import type { MessageToSave } from '../../ports/messages/message-store.js';
import { MessageSaving } from './message-saving.js';

const signal = new AbortController().signal;

function message(fields: Partial<MessageToSave> = {}): MessageToSave {
  return {
    ...{ messageId: 'm1', senderId: 'ana', recipientId: 'ben', conversationId: 'c1', content: 'at noon' },
    ...{ encrypted: true, attachments: [], batchId: null, createdAt: new Date(1_000), ...fields },
  };
}

function setUp() {
  const messages = new InMemoryMessageStore(new InMemoryMessages());
  return { messages, saving: new MessageSaving(messages, new NodeMessageCipher(new InMemoryKeyProvider())) };
}

describe('MessageSaving', () => {
  it('gives all recipients of a sealed message one envelope, and a repeat the same', async () => {
    const { messages, saving } = setUp();
    const first = await saving.save(message(), signal);
    expect(first.content).not.toContain('noon');
    const second = await saving.save(message({ recipientId: 'cem' }), signal);
    expect(second.content).toBe(first.content);
    expect((await saving.save(message(), signal)).content).toBe(first.content);
    expect((await messages.find('m1'))?.recipients).toHaveLength(2);
  });

  it('refuses another text under the id of a sealed message', async () => {
    const { messages, saving } = setUp();
    await saving.save(message(), signal);
    for (const recipientId of ['ben', 'cem'])
      await expect(
        saving.save(message({ recipientId, content: 'at midnight' }), signal),
      ).rejects.toBeInstanceOf(MessageIdTakenError);
    expect((await messages.find('m1'))?.recipients).toHaveLength(1);
  });

  it('lets one of several texts that come at once be the message', async () => {
    const { messages, saving } = setUp();
    const texts = Array.from({ length: 8 }, (_, index) => `text ${index % 2}`);
    const outcomes = await Promise.allSettled(
      texts.map((content, index) => saving.save(message({ content, recipientId: `r${index}` }), signal)),
    );
    const saved = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [texts[index]] : []));
    expect(saved).toHaveLength(4);
    expect(new Set(saved).size).toBe(1);
    expect((await messages.find('m1'))?.recipients).toHaveLength(4);
  });

  it('tells whether a message is the stored one, also when it never got its content', async () => {
    const { messages, saving } = setUp();
    await messages.save(message({ content: '' }), signal);
    const stored = (await messages.find('m1'))!;
    expect(await saving.isSame(stored, message(), signal)).toBe(true);
    expect(await saving.isSame(stored, message({ encrypted: false }), signal)).toBe(false);
    expect(await saving.isSame(stored, message({ senderId: 'mallory' }), signal)).toBe(false);
  });
});
