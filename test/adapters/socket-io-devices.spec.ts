import type { Socket } from 'socket.io-client';
import { DeviceStage } from '../support/device-stage.js';
import type { StagedDevice } from '../support/device-stage.js';
import type { SocketWebServer } from '../support/socket-web-server.js';
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
