import { AGENT_RESPONSES_QUEUE } from '../../src/chat/queues/agents/agent-responses.queue.js';
import { CHAT_MESSAGES_QUEUE } from '../../src/chat/queues/conversations/chat-messages.queue.js';
import { PROACTIVE_ACTIONS_QUEUE } from '../../src/chat/queues/agents/proactive-actions.queue.js';
import { MessageQueueService } from '../../src/message-queue/index.js';
import { DeviceFeed, MessageStore } from '../../src/message-queue/ports/index.js';
import { waitUntil } from '../support/wait-until.js';
import { ChatStage } from './chat.fixture.js';

describe('The sockets of the reference app', () => {
  const stage = new ChatStage();
  afterEach(() => stage.clear());

  it('brings a message to its recipient, and tells the sender each step', async () => {
    const app = await stage.start();
    const [ada, grace] = [await stage.signIn(app, 'ada'), await stage.signIn(app, 'grace')];
    const messageId = await app.send('ada', 'grace', 'Hello');
    await waitUntil(() => grace.messages.length > 0, 'the message');
    expect(grace.messages[0]).toMatchObject({
      messageId,
      senderId: 'ada',
      content: 'Hello',
      encrypted: false,
    });
    grace.client.markRead(messageId);
    await waitUntil(() => ada.statuses.some(({ status }) => status === 'read'), 'the read tick');
    expect(ada.statuses.every((status) => status.messageId === messageId)).toBe(true);
    expect(ada.messages).toEqual([]);
    const { answer } = await app.call('/api/conversations/c1/messages');
    expect(answer.items[0]?.recipients[0]).toMatchObject({ recipientId: 'grace', status: 'read' });
  });

  it('delivers what has waited in order, once the recipient connects', async () => {
    const app = await stage.start();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      const id = await app.send('ada', 'grace', `Line ${n}`);
      await waitUntil(async () => (await app.status(id, 'grace')) === 'pending', `line ${n} to be stored`);
      ids.push(id);
    }
    const grace = await stage.signIn(app, 'grace');
    await waitUntil(() => grace.messages.length === 5, 'all five');
    expect(grace.messages.map(({ messageId }) => messageId)).toEqual(ids);
    for (const id of ids) {
      await waitUntil(async () => (await app.status(id, 'grace')) === 'delivered', 'each to be delivered');
    }
  });

  it("gives a person's second device what came while it was away, and the sender's what was sent from the first", async () => {
    const app = await stage.start();
    const [phone, laptop] = [await stage.signIn(app, 'grace'), await stage.signIn(app, 'grace')];
    const [adaHere, adaAway] = [await stage.signIn(app, 'ada'), await stage.signIn(app, 'ada')];
    const feed = app.app.get(DeviceFeed, { strict: false });
    const known = async (id: string, count: number) => (await feed.listDevices(id)).length === count;
    await waitUntil(async () => (await known('grace', 2)) && known('ada', 2), 'all devices to be known');
    phone.socket.disconnect();
    adaAway.socket.disconnect();
    const ids: string[] = [];
    for (const line of ['one', 'two', 'three']) {
      const id = await app.send('ada', 'grace', line);
      await waitUntil(async () => (await app.status(id, 'grace')) === 'delivered', `${line} to be delivered`);
      ids.push(id);
    }
    phone.socket.connect();
    adaAway.socket.connect();
    await waitUntil(() => phone.messages.length === 3, 'the phone to have all three');
    await waitUntil(() => adaAway.own.length === 3, "the sender's other device to have them");
    const order = (messages: readonly { messageId: string }[]) => messages.map(({ messageId }) => messageId);
    expect([phone.messages, laptop.messages, adaHere.own, adaAway.own].map(order)).toEqual([
      ids,
      ids,
      ids,
      ids,
    ]);
    expect(await feed.listReceipts(ids[2]!, 'grace')).toHaveLength(2);
  });

  it('sends a message again when the device that got it died before it said so', async () => {
    const app = await stage.start();
    const { socket: dying, client } = stage.device(app, 'grace');
    client.close();
    const got = new Promise((resolve) => dying.on('message', resolve));
    await new Promise<void>((resolve) => dying.once('connect', resolve));
    const messageId = await app.send('ada', 'grace', 'Are you there?');
    await got;
    dying.disconnect();
    const grace = await stage.signIn(app, 'grace');
    await waitUntil(
      () => grace.messages.some((message) => message.messageId === messageId),
      'the message again',
    );
  });

  it("takes confirmations only of one's own messages, and only proper ones", async () => {
    const app = await stage.start();
    const messageId = await app.send('ada', 'grace', 'Hello');
    await waitUntil(() => app.status(messageId, 'grace'), 'the message to be stored');
    const [mallory, grace] = [await stage.signIn(app, 'neighbour-1'), await stage.signIn(app, 'grace')];
    expect(await mallory.confirm({ messageId, status: 'read', recipientId: 'grace' })).toMatchObject({
      ok: false,
    });
    for (const wrong of [
      ...[null, 'read', {}, { messageId }, { messageId, status: 'failed' }, { messageId, status: 'sent' }],
      ...[
        { messageId: 1, status: 'read' },
        { messageId, status: 'read', occurredAt: 'today' },
      ],
    ]) {
      expect(await grace.confirm(wrong)).toMatchObject({ ok: false });
    }
    expect(await app.status(messageId, 'grace')).not.toBe('read');
    expect(await grace.confirm({ messageId, status: 'read', occurredAt: '2999-01-01T00:00:00Z' })).toEqual({
      ok: true,
    });
    await waitUntil(async () => (await app.status(messageId, 'grace')) === 'read', 'the confirmation');
    const store = app.app.get(MessageStore, { strict: false });
    const { readAt } = (await store.findStatus(messageId, 'grace'))!;
    expect(readAt!.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it('notes when a message was delivered, also when the device said first that it was read', async () => {
    const app = await stage.start();
    const messageId = await app.send('ada', 'grace', 'Hello');
    await waitUntil(() => app.status(messageId, 'grace'), 'the message to be stored');
    const grace = stage.device(app, 'grace');
    // Only the test confirms.
    grace.client.close();
    await grace.connected();
    expect(await grace.confirm({ messageId, status: 'read' })).toEqual({ ok: true });
    await waitUntil(async () => (await app.status(messageId, 'grace')) === 'read', 'the read message');
    expect(await grace.confirm({ messageId, status: 'delivered' })).toEqual({ ok: true });
    const store = app.app.get(MessageStore, { strict: false });
    await waitUntil(
      async () => (await store.findStatus(messageId, 'grace'))?.deliveredAt,
      'the time of delivery',
    );
    expect(await app.status(messageId, 'grace')).toBe('read');
  });

  it("publishes what the app's own queues have processed to the user it is about", async () => {
    const app = await stage.start();
    const [ada, grace] = [await stage.signIn(app, 'ada'), await stage.signIn(app, 'grace')];
    const events: [string, unknown][] = [];
    const ids = ['asked', 'answered', 'unasked'];
    const strangers: string[] = [];
    // The server's offer to both of them may come a moment after they are connected.
    const isTold = (name: string): boolean => name !== 'device_feed';
    ada.socket.onAny((name: string, { jobId, ...about }: Record<string, unknown>) => {
      // What follows from these three has ids that are made of theirs, and a spec of its own.
      if (isTold(name) && ids.includes(String(jobId))) events.push([name, about]);
    });
    grace.socket.onAny((name: string) => isTold(name) && strangers.push(name));
    const queue = app.app.get(MessageQueueService, { strict: false });
    const about = { userId: 'ada', conversationId: 'c1', message: 'Hi' };
    const asking = (id: number) => ({ jobId: ids[id]! });
    await queue.enqueue(CHAT_MESSAGES_QUEUE, 'process-chat-message', about, asking(0));
    const response = { ...about, agentType: 'guide' };
    await queue.enqueue(AGENT_RESPONSES_QUEUE, 'send-agent-response', response, asking(1));
    const action = { ...response, actionType: 'remind' };
    await queue.enqueue(PROACTIVE_ACTIONS_QUEUE, 'run-proactive-action', action, asking(2));
    await waitUntil(() => events.length === 3, 'three events');
    expect(Object.fromEntries(events)).toEqual({
      queue_processed_chat: about,
      queue_processed_agent_response: response,
      queue_processed_proactive_action: action,
    });
    expect(strangers).toEqual([]);
  });
});
