import assert from 'node:assert/strict';
import type { DeviceToken, DeviceTokenStore } from '../../../ports/notifications/device-token-store.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';
import { AWKWARD_TEXT, never } from '../contract-values.js';
import { declareTraces } from '../privacy/trace-holder.contract.js';

function aDevice(fields: Partial<DeviceToken> = {}): DeviceToken {
  return { deviceId: 'device-1', recipientId: 'ben', platform: 'web', token: 'token-1', ...fields };
}

/** The contract of every DeviceTokenStore. @param create an empty store for each test */
export function deviceTokenStoreContract(
  create: CreateSubject<DeviceTokenStore>,
  runner?: ContractRunner,
): void {
  declareContract('DeviceTokenStore', create, runner, (test) => {
    declareTraces(test, {
      foundBy: ['subject'],
      holder: (store) => store,
      put: (store, { id, subjectId }) => store.register(aDevice({ deviceId: id, recipientId: subjectId })),
      has: async (store, { id, subjectId }) =>
        (await store.list(subjectId, never())).some(({ deviceId }) => deviceId === id),
    });

    test('lists the devices of one recipient', async (store) => {
      await store.register(aDevice({ token: AWKWARD_TEXT }));
      await store.register(aDevice({ deviceId: 'device-2', platform: 'fcm' }));
      await store.register(aDevice({ deviceId: 'device-3', recipientId: 'cleo' }));
      const devices = [...(await store.list('ben', never()))].sort((a, b) =>
        a.deviceId < b.deviceId ? -1 : 1,
      );
      assert.deepEqual(devices, [
        aDevice({ token: AWKWARD_TEXT }),
        aDevice({ deviceId: 'device-2', platform: 'fcm' }),
      ]);
      assert.deepEqual(await store.list('dora', never()), []);
    });

    test('replaces token and owner of a device that registers again', async (store) => {
      await store.register(aDevice());
      await store.register(aDevice({ recipientId: 'cleo', token: 'token-2', platform: 'apns' }));
      assert.deepEqual(await store.list('ben', never()), []);
      const moved = aDevice({ recipientId: 'cleo', token: 'token-2', platform: 'apns' });
      assert.deepEqual(await store.list('cleo', never()), [moved]);
    });

    test('keeps one entry when a device registers many times at once', async (store) => {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => store.register(aDevice({ token: `token-${index}` }))),
      );
      assert.equal((await store.list('ben', never())).length, 1);
    });

    test('lists 50 devices at most, in a stable order', async (store) => {
      for (let index = 0; index < 55; index += 1)
        await store.register(aDevice({ deviceId: `device-${index}` }));
      const devices = await store.list('ben', never());
      assert.equal(devices.length, 50);
      assert.deepEqual(await store.list('ben', never()), devices);
    });

    test('removes a device only while its token is the one that was sent', async (store) => {
      await store.register(aDevice({ token: 'new' }));
      assert.equal(await store.removeIfUnchanged('device-1', 'old', never()), false);
      assert.equal((await store.list('ben', never())).length, 1);
      assert.equal(await store.removeIfUnchanged('device-2', 'new', never()), false);
      assert.equal(await store.removeIfUnchanged('device-1', 'new', never()), true);
      assert.equal(await store.removeIfUnchanged('device-1', 'new', never()), false);
      assert.deepEqual(await store.list('ben', never()), []);
    });
  });
}
