import assert from 'node:assert/strict';
import { MOST_DEVICES } from '../../../../ports/messages/device-feed.js';
import type { DeviceId } from '../../../../ports/messages/device-feed.js';
import type { ContractTest } from '../../contract-runner.js';
import { aMessage, at, never } from '../../contract-values.js';
import { advance, greet, LAPTOP, listed, PHONE, sendTo } from './device-feed-subject.js';
import type { DeviceFeedSubject } from './device-feed-subject.js';

/** What a DeviceFeed does about devices. */
export function declareDevices(test: ContractTest<DeviceFeedSubject>): void {
  declareGreetings(test);
  declareSameNames(test);
  declarePositions(test);
  declareForgetting(test);
}

function declareGreetings(test: ContractTest<DeviceFeedSubject>): void {
  test('starts a first device with what is pending, the oldest first', async (stores) => {
    for (const [messageId, ms] of [
      ['m-2', 2],
      ['m-1', 1],
      ['m-3', 3],
      ['m-4', 4],
    ] as const)
      await stores.messages.save(aMessage({ messageId, createdAt: at(ms) }), never());
    await advance(stores, 'm-3', 'delivered', 5);
    await stores.conversations.markDeleted('elsewhere', at(10));
    await stores.messages.save(aMessage({ messageId: 'm-5', conversationId: 'elsewhere' }), never());
    const greeting = await greet(stores, PHONE, 7);
    assert.deepEqual([greeting.isNew, greeting.reached], [true, []]);
    assert.deepEqual(await listed(stores, greeting.position), ['message m-1', 'message m-2', 'message m-4']);
  });

  test('starts a further device before the oldest that is pending, whatever it says, else at the end', async (stores) => {
    const first = await greet(stores, PHONE);
    for (const messageId of ['m-1', 'm-2', 'm-3']) await sendTo(stores, { messageId });
    await advance(stores, 'm-1', 'delivered', 5);
    await advance(stores, 'm-3', 'delivered', 5);
    const second = await greet(stores, LAPTOP, first.position + 3);
    assert.deepEqual(await listed(stores, second.position), ['message m-2', 'message m-3']);
    await advance(stores, 'm-2', 'delivered', 6);
    const third = await greet(stores, { personId: 'ben', deviceId: 'tablet' });
    assert.equal(third.position, first.position + 3);
  });

  test('goes on where a device stands, also when another one had everything', async (stores) => {
    const { position } = await greet(stores, PHONE);
    await greet(stores, LAPTOP);
    for (const messageId of ['m-1', 'm-2']) await sendTo(stores, { messageId });
    await stores.feed.acknowledge([{ ...LAPTOP, position: position + 2 }], at(20), never());
    await advance(stores, 'm-1', 'read', 30);
    await advance(stores, 'm-2', 'read', 30);
    const again = await greet(stores, PHONE);
    assert.deepEqual(again, { position, isNew: false, reached: [] });
    assert.deepEqual(await listed(stores, again.position), ['message m-1', 'message m-2']);
  });

  test('takes the word of a device that it knows, but no position behind the end, and none before where it stands', async (stores) => {
    const { position } = await greet(stores, PHONE);
    for (const messageId of ['m-1', 'm-2']) await sendTo(stores, { messageId });
    assert.deepEqual(await greet(stores, PHONE, position + 1), {
      ...{ position: position + 1, isNew: false, reached: ['m-1'] },
    });
    assert.equal((await greet(stores, PHONE, position + 3)).position, position + 1);
    assert.equal((await greet(stores, PHONE, Number.MAX_SAFE_INTEGER)).position, position + 1);
    assert.equal((await greet(stores, PHONE, 0)).position, position + 1);
    assert.equal((await greet(stores, PHONE, -5)).position, position + 1);
  });
}

function declareSameNames(test: ContractTest<DeviceFeedSubject>): void {
  test("keeps people's devices of the same name apart", async (stores) => {
    await greet(stores, PHONE);
    await sendTo(stores);
    const other = await greet(stores, { personId: 'Ben', deviceId: 'phone' });
    assert.equal(other.isNew, true);
    assert.deepEqual(await listed(stores, other.position, 'Ben'), []);
  });

  test('knows one device once, however often it greets at the same time', async (stores) => {
    await stores.messages.save(aMessage(), never());
    const greetings = await Promise.all([1, 2, 3, 4].map(() => greet(stores, PHONE)));
    assert.equal(greetings.filter(({ isNew }) => isNew).length, 1);
    assert.equal((await stores.feed.listDevices('ben')).length, 1);
    assert.deepEqual(await listed(stores, 0), ['message message-1']);
  });
}

function declarePositions(test: ContractTest<DeviceFeedSubject>): void {
  test('moves a device forward only, and says which pending messages it has', async (stores) => {
    const { feed } = stores;
    const { position } = await greet(stores, PHONE);
    for (const messageId of ['m-1', 'm-2', 'm-3']) await sendTo(stores, { messageId });
    await advance(stores, 'm-1', 'sent', 5);
    const say = (to: number): Promise<readonly string[]> =>
      feed.acknowledge([{ ...PHONE, position: to }], at(to), never());
    assert.deepEqual(await say(position + 2), ['m-2']);
    assert.deepEqual(await say(position + 1), []);
    assert.deepEqual(await say(position + 4), []);
    assert.deepEqual(await feed.acknowledge([{ ...LAPTOP, position: position + 3 }], at(1), never()), []);
    assert.deepEqual(await feed.acknowledge([], at(1), never()), []);
    const [device] = await feed.listDevices('ben');
    assert.equal(device?.position, position + 2);
    assert.equal((await feed.listDevices('ben')).length, 1);
  });

  test('keeps a receipt per device of what it got and what was read on it', async (stores) => {
    const { feed } = stores;
    const { position } = await greet(stores, PHONE);
    await greet(stores, LAPTOP);
    await sendTo(stores);
    const both = [PHONE, LAPTOP].map((device) => ({ ...device, position: position + 1 }));
    await feed.acknowledge(both, at(20), never());
    await feed.acknowledge(both, at(90), never());
    await feed.noteRead(PHONE, 'message-1', at(30), never());
    await feed.noteRead(PHONE, 'message-1', at(40), never());
    assert.deepEqual(await feed.listReceipts('message-1', 'ben'), [
      { deviceId: 'laptop', deliveredAt: at(20), readAt: null },
      { deviceId: 'phone', deliveredAt: at(20), readAt: at(30) },
    ]);
    // Neither an unknown device nor somebody else's message.
    await feed.noteRead({ personId: 'ben', deviceId: 'unknown' }, 'message-1', at(30), never());
    await feed.noteRead(PHONE, 'unknown', at(30), never());
    await greet(stores, { personId: 'eve', deviceId: 'phone' });
    await feed.noteRead({ personId: 'eve', deviceId: 'phone' }, 'message-1', at(30), never());
    assert.equal((await feed.listReceipts('message-1', 'ben')).length, 2);
    assert.deepEqual(await feed.listReceipts('message-1', 'eve'), []);
    assert.deepEqual(await feed.listReceipts('unknown', 'ben'), []);
  });

  test('keeps what was read before the device said that it has it', async (stores) => {
    const { position } = await greet(stores, PHONE);
    await sendTo(stores);
    await stores.feed.noteRead(PHONE, 'message-1', at(30), never());
    await stores.feed.acknowledge([{ ...PHONE, position: position + 1 }], at(40), never());
    assert.deepEqual(await stores.feed.listReceipts('message-1', 'ben'), [
      { deviceId: 'phone', deliveredAt: at(40), readAt: at(30) },
    ]);
  });
}

function declareForgetting(test: ContractTest<DeviceFeedSubject>): void {
  test(`knows at most ${MOST_DEVICES} devices of a person: the one that was silent longest goes`, async (stores) => {
    const { feed } = stores;
    const device = (n: number): DeviceId => ({ personId: 'ben', deviceId: `d-${n}` });
    for (let n = 0; n < MOST_DEVICES; n += 1) await greet(stores, device(n), null, 100 + n);
    await greet(stores, device(0), null, 900);
    await greet(stores, { personId: 'cleo', deviceId: 'd-1' }, null, 1);
    await greet(stores, device(MOST_DEVICES), null, 901);
    const known = (await feed.listDevices('ben')).map(({ deviceId }) => deviceId);
    assert.equal(known.length, MOST_DEVICES);
    assert.equal(known.includes('d-1'), false);
    assert.deepEqual(known.slice(-2), ['d-0', `d-${MOST_DEVICES}`]);
    assert.equal((await feed.listDevices('cleo')).length, 1);
  });

  test('forgets a device with its receipts; back again, it is new', async (stores) => {
    const { feed } = stores;
    const { position } = await greet(stores, PHONE);
    await sendTo(stores);
    await feed.acknowledge([{ ...PHONE, position: position + 1 }], at(20), never());
    assert.equal(await feed.forget(PHONE, never()), true);
    assert.equal(await feed.forget(PHONE, never()), false);
    assert.deepEqual(await feed.listReceipts('message-1', 'ben'), []);
    assert.equal((await greet(stores, PHONE)).isNew, true);
  });

  test('forgets devices that are long unseen, then the feeds of people without any', async (stores) => {
    const { feed } = stores;
    await greet(stores, PHONE, null, 0);
    await greet(stores, LAPTOP, null, 10_000);
    const cleo = await greet(stores, { personId: 'cleo', deviceId: 'phone' }, null, 0);
    await sendTo(stores);
    await sendTo(stores, { messageId: 'm-2', recipientId: 'cleo' });
    assert.equal(await feed.forgetUnseen(at(0), 10, never()), 0);
    assert.equal(await feed.forgetUnseen(at(5_000), 1, never()), 1);
    assert.equal(await feed.forgetUnseen(at(5_000), 10, never()), 1);
    assert.equal(await feed.forgetUnseen(at(5_000), 10, never()), 0);
    assert.deepEqual(
      (await feed.listDevices('ben')).map(({ deviceId }) => deviceId),
      ['laptop'],
    );
    assert.deepEqual(await listed(stores, 0), ['message message-1']);
    assert.deepEqual(await listed(stores, 0, 'cleo'), []);
    assert.equal(await sendTo(stores, { messageId: 'm-3', recipientId: 'cleo' }), null);
    // Positions of the old feed never come again.
    const back = await greet(stores, { personId: 'cleo', deviceId: 'phone' }, cleo.position, 20_000);
    assert.ok(back.position > cleo.position + 1);
    assert.deepEqual(await listed(stores, back.position, 'cleo'), ['message m-2', 'message m-3']);
  });
}
