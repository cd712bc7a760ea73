import type { Socket } from 'socket.io-client';
import { SocketIoTransport } from '../../src/message-queue/adapters/socket-io/index.js';
import type { SocketIoTransportOptions } from '../../src/message-queue/adapters/socket-io/index.js';
import { DeviceStage } from '../support/device-stage.js';
import type { StagedDevice } from '../support/device-stage.js';
import type { SocketWebServer } from '../support/socket-web-server.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

const never = new AbortController().signal;
const names = (count: number, from = 1): string[] => Array.from({ length: count }, (_, n) => `m${n + from}`);

/** Stops a socket from hearing, as a network that is gone without a word does. @returns lets its end come through */
function deafen(socket: Socket): () => void {
  const { ws } = socket.io.engine.transport as unknown as { ws: { pause(): void; terminate(): void } };
  ws.pause();
  return () => ws.terminate();
}

describe('Devices of one person', () => {
  let stage: DeviceStage;
  let server: SocketWebServer;
  beforeEach(() => {
    stage = new DeviceStage();
    server = stage.web();
  });
  afterEach(() => stage.clear());

  const device = (userId: string, name: string, options = {}): Promise<StagedDevice> =>
    stage.device(server, userId, name, options);

  async function pair(): Promise<[laptop: StagedDevice, phone: StagedDevice]> {
    const both: [StagedDevice, StagedDevice] = [await device('ben', 'laptop'), await device('ben', 'phone')];
    await waitUntil(() => stage.known('ben', 'laptop', 'phone'), 'both devices to be known');
    return both;
  }

  it('each get what they missed, in order, also when another one had acknowledged', async () => {
    const [laptop, phone] = await pair();
    await stage.send(server.transport, 'm1');
    await waitUntil(() => phone.told.length === 1, 'the first one');
    phone.socket.disconnect();
    for (const id of ['m2', 'm3', 'm4']) await stage.send(server.transport, id);
    await waitUntil(() => laptop.told.length === 4, 'the laptop to have all');
    expect(await stage.messages.findStatus('m3', 'ben')).toMatchObject({ status: 'sent' });
    phone.socket.connect();
    await waitUntil(() => phone.told.length === 4, 'the phone to have all');
    expect([laptop.told, phone.told]).toEqual([names(4), names(4)]);
    await waitUntil(async () => (await stage.feed.listReceipts('m4', 'ben')).length === 2, 'both receipts');
    const receipts = await stage.feed.listReceipts('m4', 'ben');
    expect(receipts.map(({ deviceId }) => deviceId)).toEqual(['laptop', 'phone']);
    for (const { deliveredAt } of receipts) expect(deliveredAt).toBeInstanceOf(Date);
  });

  it('get it when they are back, though they were connected and did not hear', async () => {
    const [laptop, phone] = await pair();
    stage.atEnd(deafen(phone.socket));
    for (const id of ['m1', 'm2']) await stage.send(server.transport, id);
    expect(laptop.told).toEqual(['m1', 'm2']);
    phone.socket.disconnect().connect();
    await waitUntil(() => phone.told.length === 2, 'the phone to have both');
    expect(phone.told).toEqual(['m1', 'm2']);
  });

  it('start anew with the same id where they stood, and another one with what is pending', async () => {
    const [laptop, phone] = await pair();
    phone.close();
    await stage.send(server.transport, 'm1');
    laptop.close();
    await waitUntil(() => server.io.sockets.sockets.size === 0, 'both to be gone');
    expect(await stage.send(server.transport, 'm2')).toMatchObject({ outcome: 'offline' });
    const [again, tablet] = [await device('ben', 'phone'), await device('ben', 'tablet')];
    await waitUntil(() => again.told.length === 2 && tablet.told.length === 1, 'both to have theirs');
    expect([again.told, tablet.told]).toEqual([['m1', 'm2'], ['m2']]);
    await waitUntil(
      async () => (await stage.messages.findStatus('m2', 'ben'))?.status === 'sent',
      'it to count as sent',
    );
  });

  it('get thousands in order, and what comes meanwhile after them, once each', async () => {
    const [, phone] = await pair();
    phone.socket.disconnect();
    for (const id of names(1_200)) await stage.note(id);
    phone.socket.connect();
    await waitUntil(() => phone.told.length > 0, 'the catch-up to begin');
    const live = names(20, 1_201).map((id) => stage.send(server.transport, id));
    await Promise.all(live);
    await waitUntil(() => phone.told.length >= 1_220, 'the phone to have all');
    expect(phone.told).toEqual(names(1_220));
  });

  it('go on where they were when the connection breaks in the middle', async () => {
    const [, phone] = await pair();
    phone.socket.disconnect();
    for (const id of names(450)) await stage.note(id);
    let breaks = 0;
    const breaking = setInterval(() => {
      if (breaks < 4 && phone.socket.connected) {
        breaks += 1;
        phone.socket.io.engine.close();
      }
    }, 15);
    phone.socket.connect();
    await waitUntil(() => phone.told.length >= 450, 'the phone to have all');
    clearInterval(breaking);
    expect(breaks).toBeGreaterThan(0);
    expect(phone.told).toEqual(names(450));
  });

  it('of the sender get what was sent and its statuses, those that were away too', async () => {
    const [adaHere, adaAway] = [await device('ada', 'here'), await device('ada', 'away')];
    const ben = await device('ben', 'phone');
    await waitUntil(() => stage.known('ada', 'here', 'away'), "ada's devices");
    await waitUntil(() => stage.known('ben', 'phone'), "ben's device");
    adaAway.socket.disconnect();
    await stage.send(server.transport, 'm1');
    await stage.advance(server.transport, { messageId: 'm1' }, 'read');
    await waitUntil(() => adaHere.told.includes('read m1'), 'the ticks');
    expect(adaHere.told).toEqual(['own m1', 'sent m1', 'read m1']);
    expect(ben.told).toEqual(['m1', 'seen m1']);
    adaAway.socket.connect();
    await waitUntil(() => adaAway.told.includes('read m1'), 'the device that was away');
    expect(adaAway.told[0]).toBe('own m1');
    // A copy of an announcement is none of them.
    await stage.send(server.transport, 'm2', { batchId: 'b1' });
    await stage.send(server.transport, 'm3');
    await waitUntil(() => adaAway.told.includes('own m3'), 'the next one');
    expect(adaAway.told).not.toContain('own m2');
  });

  it('hear what was read and recalled on another one, each of them, also later', async () => {
    const [laptop, phone] = await pair();
    for (const id of ['m1', 'm2']) await stage.send(server.transport, id);
    phone.socket.disconnect();
    laptop.client.markRead('m1');
    await waitUntil(
      async () => (await stage.feed.listReceipts('m1', 'ben')).some(({ readAt }) => readAt !== null),
      'the receipt',
    );
    await stage.advance(server.transport, { messageId: 'm1' }, 'read');
    await stage.messages.hide('m2', never);
    const recall = { messageId: 'm2', conversationId: 'c1', userId: 'ben' };
    expect(await server.transport.announceRecall(recall, never)).toBe(true);
    await waitUntil(() => laptop.told.includes('recalled m2'), 'the laptop to be told');
    phone.socket.connect();
    await waitUntil(() => phone.told.includes('recalled m2'), 'the phone to be told');
    expect(phone.told.slice(-2)).toEqual(['seen m1', 'recalled m2']);
  });

  it('get a message that their page could not take again, before what is newer', async () => {
    const [laptop] = await pair();
    const failures = ['m1', 'm1'];
    const taken: string[] = [];
    const onMessage = ({ messageId }: { messageId: string }): void => {
      if (failures[0] === messageId) {
        failures.shift();
        throw new Error('The page is not ready.');
      }
      taken.push(messageId);
    };
    await device('ben', 'tablet', { onMessage });
    await waitUntil(() => stage.known('ben', 'tablet'), 'the tablet');
    for (const id of ['m1', 'm2']) await stage.send(server.transport, id);
    await waitUntil(() => taken.length === 2, 'the tablet to have both');
    expect([laptop.told, taken]).toEqual([
      ['m1', 'm2'],
      ['m1', 'm2'],
    ]);
  });

  it('get everything else when their page never takes one message', async () => {
    const taken: string[] = [];
    const onMessage = ({ messageId }: { messageId: string }): void => {
      if (messageId === 'm1') throw new Error('Never.');
      taken.push(messageId);
    };
    await device('ben', 'tablet', { onMessage, replyTimeoutMs: 50 });
    await waitUntil(() => stage.known('ben', 'tablet'), 'the tablet');
    for (const id of ['m1', 'm2']) await stage.send(server.transport, id);
    await waitUntil(() => taken.length === 1, 'the next message');
    expect(taken).toEqual(['m2']);
  });
});

describe('What clients say of devices', () => {
  let stage: DeviceStage;
  let server: SocketWebServer;
  beforeEach(() => {
    stage = new DeviceStage();
    server = stage.web();
  });
  afterEach(() => stage.clear());

  const ask = (socket: Socket, request: unknown, waitMs = 3_000): Promise<unknown> =>
    socket.timeout(waitMs).emitWithAck('device_sync', request);

  it('is refused when it names no device, another one or a place that is none', async () => {
    const { socket } = await server.connect('ben');
    const wrong = [
      ...[null, undefined, 'phone', [], {}, { deviceId: 7 }, { deviceId: '' }, { deviceId: 'a b' }],
      ...[{ deviceId: 'x'.repeat(65) }, { deviceId: 'a\0' }, { deviceId: 'phone', position: -1 }],
      ...[
        { deviceId: 'phone', position: 1.5 },
        { deviceId: 'phone', position: '1' },
        { deviceId: 'phone', position: null },
      ],
      { deviceId: 'phone', position: 2 ** 60 },
    ];
    for (const request of wrong) expect(await ask(socket, request)).toMatchObject({ ok: false });
    expect(await stage.feed.listDevices('ben')).toEqual([]);
    expect(await ask(socket, { deviceId: 'phone' })).toMatchObject({ ok: true, items: [] });
    expect(await ask(socket, { deviceId: 'other' })).toMatchObject({ ok: false });
    expect(await stage.feed.listDevices('ben')).toHaveLength(1);
    // Without a way to answer there is nothing to do.
    socket.emit('device_sync', { deviceId: 'phone' });
  });

  it("reaches nobody else's feed, whatever it names", async () => {
    const phone = await stage.device(server, 'ben', 'phone');
    await waitUntil(() => stage.known('ben', 'phone'), 'the device');
    phone.socket.disconnect();
    await stage.send(server.transport, 'm1');
    const eve = await server.connect('eve');
    const reply = await ask(eve.socket, { deviceId: 'phone', userId: 'ben', personId: 'ben', position: 0 });
    expect(reply).toMatchObject({ ok: true, items: [] });
    phone.socket.connect();
    await waitUntil(() => phone.told.length === 1, 'its own device to have it');
  });

  it('moves no device behind the end of its feed, or over what it was not told', async () => {
    const { socket } = await server.connect('ben', false);
    const { from } = (await ask(socket, { deviceId: 'phone' })) as { from: number };
    socket.removeAllListeners('message');
    socket.on('message', (_message: object, acknowledge: (answer: object) => void) =>
      acknowledge({ deviceId: 'phone', position: Number.MAX_SAFE_INTEGER }),
    );
    await stage.send(server.transport, 'm1');
    const [device] = await stage.feed.listDevices('ben');
    expect(device?.position).toBe(from);
    expect(await ask(socket, { deviceId: 'phone', position: from + 9_999 })).toMatchObject({
      ...{ ok: true, from, items: [{ event: 'message', payload: { messageId: 'm1' } }] },
    });
  });

  it('is not answered faster than once a second when there is nothing new, nor twice at a time', async () => {
    const { socket } = await server.connect('ben');
    await ask(socket, { deviceId: 'phone' });
    const flood = Array.from({ length: 200 }, () =>
      ask(socket, { deviceId: 'phone' }, 1_500).catch(() => null),
    );
    const answers = (await Promise.all(flood)).filter((answer) => answer !== null);
    expect(answers.length).toBeLessThanOrEqual(2);
  });

  it('is not answered before the gateway has said whose socket it is', async () => {
    server.io.removeAllListeners('connection');
    server.transport.attach(server.io);
    let join = (): void => undefined;
    server.io.on('connection', (socket) => {
      join = () => void socket.join(server.transport.roomOf('ben'));
    });
    const phone = await stage.device(server, 'ben', 'phone');
    await waitUntil(() => phone.socket.connected, 'the connection');
    expect(await stage.feed.listDevices('ben')).toEqual([]);
    join();
    await waitUntil(() => stage.known('ben', 'phone'), 'the device');
  });
});

describe('Devices on several servers', () => {
  let redis: TestRedis;
  let stage: DeviceStage;
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  beforeEach(() => {
    stage = new DeviceStage();
  });
  afterEach(() => stage.clear());
  afterAll(() => redis.stop());

  function options(): SocketIoTransportOptions {
    const topology = { kind: 'single', host: '127.0.0.1', port: redis.port } as const;
    return { redis: { topology, db: 0, tls: false }, ackTimeoutMs: 500 };
  }

  it('get what they missed from whichever server they come to; a worker notes what they have', async () => {
    const [first, second] = [stage.web(options()), stage.web(options())];
    const worker = new SocketIoTransport(options(), null, stage.stores);
    stage.atEnd(() => worker.onApplicationShutdown());
    const [laptop, phone] = [
      await stage.device(first, 'ben', 'laptop'),
      await stage.device(second, 'ben', 'phone'),
    ];
    await waitUntil(() => stage.known('ben', 'laptop', 'phone'), 'both devices');
    await stage.send(worker, 'm1');
    expect(await stage.feed.listReceipts('m1', 'ben')).toHaveLength(2);
    phone.close();
    await waitUntil(() => second.io.sockets.sockets.size === 0, 'the phone to be gone');
    for (const id of names(5, 2)) await stage.send(worker, id);
    const moved = await stage.device(first, 'ben', 'phone');
    await waitUntil(() => moved.told.length === 5, 'the phone to have all');
    expect([laptop.told, moved.told]).toEqual([names(6), names(5, 2)]);
  });

  it('are asked what they have when Redis was away: what was sent meanwhile missed them', async () => {
    const server = stage.web(options());
    const phone = await stage.device(server, 'ben', 'phone');
    await waitUntil(() => stage.known('ben', 'phone'), 'the phone');
    await redis.kill();
    await stage.note('m1');
    await redis.spawn();
    await waitUntil(() => phone.told.length === 1, 'the phone to have it');
  });

  it('are told in the order in which it was noted, though two workers send at once', async () => {
    const server = stage.web(options());
    const phone = await stage.device(server, 'ben', 'phone');
    await waitUntil(() => stage.known('ben', 'phone'), 'the phone');
    const workers = [1, 2].map(() => new SocketIoTransport(options(), null, stage.stores));
    for (const worker of workers) stage.atEnd(() => worker.onApplicationShutdown());
    await Promise.all(names(60).map((id, at) => stage.send(workers[at % 2]!, id)));
    await waitUntil(() => phone.told.length === 60, 'the phone to have all');
    const noted = await stage.feed.list('ben', 0, 500, never);
    expect(phone.told).toEqual(noted.entries.map(({ messageId }) => messageId));
  });
});
