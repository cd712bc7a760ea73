import assert from 'node:assert/strict';
import type { DeviceTokenStore } from '../../../ports/notifications/device-token-store.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';
import { AWKWARD_TEXT, never } from '../contract-values.js';
import { aDevice, aSubscription, declareDeviceChecks, declareTokenOwners } from './device-owners.contract.js';
import { declareTraces } from '../privacy/trace-holder.contract.js';

/** The contract of every DeviceTokenStore. @param create an empty store for each test */
export function deviceTokenStoreContract(
  create: CreateSubject<DeviceTokenStore>,
  runner?: ContractRunner,
): void {
  declareContract('DeviceTokenStore', create, runner, (test) => {
    declareTraces(test, {
      foundBy: ['subject'],
      holder: (store) => store,
      put: (store, { id, subjectId }) =>
        store.register(aDevice({ deviceId: id, recipientId: subjectId, token: `token-of-${id}` })),
      has: async (store, { id, subjectId }) =>
        (await store.list(subjectId, never())).some(({ deviceId }) => deviceId === id),
    });

    test('lists the devices of one recipient in the order in which they registered', async (store) => {
      const token = aSubscription('1', { note: AWKWARD_TEXT });
      await store.register(aDevice({ platform: 'web', token }));
      await store.register(aDevice({ deviceId: 'device-2', token: 'token-2' }));
      await store.register(aDevice({ deviceId: 'device-3', recipientId: 'cleo', token: 'token-3' }));
      const [first, second] = [
        aDevice({ platform: 'web', token }),
        aDevice({ deviceId: 'device-2', token: 'token-2' }),
      ];
      assert.deepEqual(await store.list('ben', never()), [first, second]);
      await store.register(first);
      assert.deepEqual(await store.list('ben', never()), [second, first]);
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

    declareTokenOwners(test);
    declareDeviceChecks(test);

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
