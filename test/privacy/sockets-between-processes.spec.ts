import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { InAppChannel } from '../../src/message-queue/ports/index.js';
import { RedisTap } from '../support/redis-tap.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { SocketProcesses } from './socket-processes.fixture.js';
import type { Client, SocketProcess } from './socket-processes.fixture.js';

/** In every content, and in the name of the user; long enough that no chance makes them. */
const CONTENT = 'MARKER7f3aQUINCE';
const USER = 'USER9c1dMEDLAR';
const never = new AbortController().signal;
const at = new Date('2026-01-01T00:00:00Z');

const message = {
  ...{ messageId: 'm-1', senderId: 'ada', recipientId: USER, conversationId: 'c-1', content: CONTENT },
  ...{ encrypted: false, attachments: [], createdAt: at },
};
const notification = {
  ...{ notificationId: 'n-1', recipientId: USER, destination: USER, title: CONTENT, body: CONTENT },
  ...{ urgent: false, expiresAt: null },
};

/** One process without sockets of the user, and one with. */
interface Stage {
  readonly here: SocketProcess;
  readonly there: SocketProcess;
  readonly client: Client;
}

/** Each thing that a process tells the others. Resolves when the other side has had it in plain. */
const TOLD: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  async 'a message'({ here, client }) {
    expect(await here.transport.deliver(message, never)).toEqual({ outcome: 'sent', reached: 1 });
    expect(client.of('message')).toEqual([{ ...message, createdAt: at.toISOString() }]);
  },
  async 'a status'({ here, client }) {
    const status = { messageId: 'm-1', conversationId: CONTENT, recipientId: 'ben', status: 'read' } as const;
    await here.transport.announceStatus({ ...status, senderId: USER, at }, never);
    await waitUntil(() => client.of('message_status').length > 0, 'the status');
    expect(client.of('message_status')).toEqual([{ ...status, at: at.toISOString() }]);
  },
  async 'a notification'({ here, client }) {
    expect(await here.app.get(InAppChannel).send(notification, never)).toEqual({ outcome: 'sent' });
    expect(client.of('notification')).toEqual([{ notificationId: 'n-1', title: CONTENT, body: CONTENT }]);
  },
  async "an event of the host's own"({ here, client }) {
    await here.transport.emitToUser(USER, 'own', { text: CONTENT });
    await waitUntil(() => client.of('own').length > 0, 'the event');
    expect(client.of('own')).toEqual([{ text: CONTENT }]);
  },
  async "a question of the host's own"({ here, client }) {
    expect(await here.transport.askUser(USER, 'ask', { text: CONTENT }, never)).toBe(1);
    expect(client.of('ask')).toEqual([{ text: CONTENT }]);
  },
  async 'an event for everybody, in bytes'({ here, client }) {
    here.io.emit('bytes', Buffer.from(CONTENT));
    await waitUntil(() => client.of('bytes').length > 0, 'the event');
    expect(String(client.of('bytes')[0])).toBe(CONTENT);
  },
  async 'answers of clients'({ here }) {
    const room = here.io.to(here.transport.roomOf(USER)).timeout(5_000);
    expect(await room.emitWithAck('answer', 'please')).toEqual([CONTENT]);
  },
  async 'an event of another namespace'({ here, there }) {
    const client = await there.connect(USER, CONTENT, '/other');
    here.io
      .of('/other')
      .to([here.transport.roomOf(USER), 'another'])
      .emit('own', CONTENT);
    await waitUntil(() => client.of('own').length > 0, 'the event');
    expect(client.of('own')).toEqual([CONTENT]);
  },
  async 'an event for servers'({ here, there }) {
    const got = new Promise((resolve) => there.io.on('told', resolve));
    here.io.serverSideEmit('told', CONTENT);
    expect(await got).toBe(CONTENT);
  },
  async 'a question for servers'({ here, there }) {
    there.io.on('asked', (text: string, answer: (text: string) => void) => answer(text));
    expect(await here.io.serverSideEmitWithAck('asked', CONTENT)).toEqual([CONTENT]);
  },
  async 'what is known of sockets'({ here }) {
    const [found] = await here.io.in(here.transport.roomOf(USER)).fetchSockets();
    expect(found).toMatchObject({
      data: { userId: USER, answer: CONTENT },
      handshake: { auth: { userId: USER } },
    });
  },
  async 'who is put into a room'({ here, there }) {
    here.io.in(here.transport.roomOf(USER)).socketsJoin(CONTENT);
    await waitUntil(() => there.io.sockets.adapter.rooms.has(CONTENT), 'the room');
    here.io.in(CONTENT).socketsLeave(CONTENT);
    await waitUntil(() => !there.io.sockets.adapter.rooms.has(CONTENT), 'the room to be left');
  },
  async 'who is sent away'({ here, client }) {
    const gone = new Promise((resolve) => client.socket.once('disconnect', resolve));
    here.io.in(here.transport.roomOf(USER)).disconnectSockets(true);
    await gone;
  },
};

describe('What processes tell each other about sockets', () => {
  let redis: TestRedis;
  const processes = new SocketProcesses(() => redis);

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterEach(() => processes.close());
  afterAll(() => redis.stop());

  /** Tells all of it. @returns what Redis heard */
  async function heard(
    what: keyof typeof TOLD,
    privacy: MessageQueueModuleOptions['privacy'],
  ): Promise<string> {
    const [here, there] = [await processes.start({ privacy }), await processes.start({ privacy })];
    const client = await there.connect(USER, CONTENT);
    const tap = await RedisTap.on(redis.client());
    await TOLD[what]?.({ here, there, client });
    const text = await tap.text();
    tap.close();
    for (const { health } of [here, there]) expect(await health).toMatchObject({ socketUnopened: 0 });
    return text;
  }

  it.each(Object.keys(TOLD))('is read by nobody else: %s', async (what) => {
    const text = await heard(what, { sealing: 'on' });
    expect(text).toContain('mq:sealed');
    expect(text).not.toContain(CONTENT);
    expect(text).not.toContain(USER);
  });

  it.each(Object.keys(TOLD))('is found by the same look where sealing is off: %s', async (what) => {
    const text = await heard(what, { sealing: 'off' });
    expect(text).not.toContain('mq:sealed');
    expect(text.includes(CONTENT) || text.includes(USER)).toBe(true);
  });

  it.each([
    ['on', 'open-only'],
    ['open-only', 'on'],
    ['off', 'on'],
    ['on', 'off'],
  ] as const)('is understood during a deploy: %s tells %s', async (from, to) => {
    const here = await processes.start({ privacy: { sealing: from } });
    const there = await processes.start({ privacy: { sealing: to } });
    const client = await there.connect(USER);
    const tap = await RedisTap.on(redis.client());
    expect(await here.transport.deliver(message, never)).toEqual({ outcome: 'sent', reached: 1 });
    await here.transport.emitToUser(USER, 'own', { text: CONTENT });
    await waitUntil(() => client.of('own').length > 0, 'the event');
    expect((await tap.text()).includes(CONTENT)).toBe(from !== 'on');
    tap.close();
  });
});
