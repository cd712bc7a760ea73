import assert from 'node:assert/strict';
import type { NotificationPreferences } from '../../../ports/notifications/notification-preferences.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';
import { declareTraces } from '../privacy/trace-holder.contract.js';

/** The contract of every NotificationPreferences. @param create an empty store for each test */
export function notificationPreferencesContract(
  create: CreateSubject<NotificationPreferences>,
  runner?: ContractRunner,
): void {
  declareContract('NotificationPreferences', create, runner, (test) => {
    const quietHours = { start: '22:00', end: '07:00', timeZone: 'Europe/Berlin' };
    const mine = { recipientId: 'ben', optedOut: ['email', 'sms'], quietHours } as const;
    declareTraces(test, {
      foundBy: ['subject'],
      isSingle: true,
      holder: (preferences) => preferences,
      put: (preferences, { subjectId }) => preferences.save({ ...mine, recipientId: subjectId }),
      has: async (preferences, { subjectId }) => (await preferences.find(subjectId)) !== null,
    });

    test('knows nothing of a recipient who set nothing', async (preferences) => {
      assert.equal(await preferences.find('ben'), null);
    });

    test('gives back what was saved, of each recipient', async (preferences) => {
      await preferences.save(mine);
      await preferences.save({ recipientId: 'cleo', optedOut: [], quietHours: null });
      assert.deepEqual(await preferences.find('ben'), mine);
      assert.deepEqual(await preferences.find('cleo'), {
        recipientId: 'cleo',
        optedOut: [],
        quietHours: null,
      });
    });

    test('replaces all of it', async (preferences) => {
      await preferences.save(mine);
      await preferences.save({ recipientId: 'ben', optedOut: ['push'], quietHours: null });
      assert.deepEqual(await preferences.find('ben'), {
        recipientId: 'ben',
        optedOut: ['push'],
        quietHours: null,
      });
    });
  });
}
