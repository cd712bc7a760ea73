import { MessageStore } from '../../src/message-queue/ports/index.js';
import { waitUntil } from '../support/wait-until.js';
import { ChatStage } from './chat.fixture.js';
import type { ApiResponse, ChatApp } from './chat.fixture.js';

describe('Recalling a message in the reference app', () => {
  const stage = new ChatStage();
  afterEach(() => stage.clear());

  const recall = (app: ChatApp, messageId: string, as = 'ada', headers = {}): Promise<ApiResponse> =>
    app.request(`/api/messages/${messageId}`, { method: 'DELETE', headers }, as);

  it('takes it back from the devices that have it, and from everybody who reads or searches', async () => {
    const app = await stage.start();
    const [ada, grace] = [await stage.signIn(app, 'ada'), await stage.signIn(app, 'grace')];
    const messageId = await app.send('ada', 'grace', 'A quince');
    await waitUntil(async () => (await app.status(messageId, 'grace')) === 'delivered', 'the message');
    const search = () => app.call('/api/search?q=quince&conversationId=c1');
    await waitUntil(async () => (await search()).answer.items.length === 1, 'its index entry');
    expect(await recall(app, messageId)).toMatchObject({
      ...{ status: 200, answer: { messageId, hadIt: 1, told: 1 } },
    });
    const told = [{ messageId, conversationId: 'c1' }];
    await waitUntil(() => grace.recalls.length > 0 && ada.recalls.length > 0, 'both to be told');
    expect([grace.recalls, ada.recalls]).toEqual([told, told]);
    expect((await app.call('/api/conversations/c1/messages')).answer.items).toEqual([]);
    expect((await search()).answer.items).toEqual([]);
    expect(await grace.confirm({ messageId, status: 'read' })).toMatchObject({ ok: false });
  });

  it('tells a recipient who was away with what is pending, once', async () => {
    const app = await stage.start();
    const before = await stage.signIn(app, 'grace');
    const messageId = await app.send('ada', 'grace', 'A quince');
    await waitUntil(async () => (await app.status(messageId, 'grace')) === 'delivered', 'the message');
    before.close();
    const later = await app.send('ada', 'grace', 'A plum');
    await waitUntil(async () => (await app.status(later, 'grace')) === 'pending', 'the next one to wait');
    expect((await recall(app, messageId)).answer).toMatchObject({ hadIt: 1, told: 0 });
    const grace = await stage.signIn(app, 'grace');
    await waitUntil(() => grace.recalls.length > 0, 'her to be told');
    expect(grace.recalls).toEqual([{ messageId, conversationId: 'c1' }]);
    expect(grace.messages.map((message) => message.messageId)).toEqual([later]);
    const store = app.app.get(MessageStore, { strict: false });
    await waitUntil(async () => (await store.listRecalled('grace')).items.length === 0, 'the notice to go');
    // A new device starts before what is pending, and would find the recall behind it.
    await waitUntil(async () => (await app.status(later, 'grace')) === 'delivered', 'the next one to arrive');
    grace.close();
    const again = await stage.signIn(app, 'grace');
    const last = await app.send('ada', 'grace', 'A pear');
    await waitUntil(() => again.messages.some((message) => message.messageId === last), 'the last one');
    expect(again.recalls).toEqual([]);
  });

  it('is for the sender alone, and for pages of the chat', async () => {
    const app = await stage.start();
    const messageId = await app.send('ada', 'grace', 'A quince');
    await waitUntil(() => app.status(messageId, 'grace'), 'the message to be stored');
    for (const somebody of ['grace', 'neighbour-1']) {
      expect((await recall(app, messageId, somebody)).status).toBe(404);
    }
    expect((await recall(app, 'unknown')).status).toBe(404);
    expect((await recall(app, '%00')).status).toBe(400);
    expect((await recall(app, messageId, 'ada', { origin: 'https://elsewhere.example' })).status).toBe(403);
    expect((await recall(app, messageId, 'ada', { cookie: '' })).status).toBe(401);
    expect(await app.status(messageId, 'grace')).toBeDefined();
    expect((await recall(app, messageId)).status).toBe(200);
    expect((await recall(app, messageId)).status).toBe(404);
  });
});
