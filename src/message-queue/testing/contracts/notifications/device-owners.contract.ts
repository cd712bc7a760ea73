import assert from 'node:assert/strict';
import { InvalidDeviceError } from '../../../ports/notifications/device-check.js';
import type { DeviceToken, DeviceTokenStore } from '../../../ports/notifications/device-token-store.js';
import type { ContractTest } from '../contract-runner.js';
import { never } from '../contract-values.js';

/** A device; what a test does not say is the same in all. */
export function aDevice(fields: Partial<DeviceToken> = {}): DeviceToken {
  return { deviceId: 'device-1', recipientId: 'ben', platform: 'fcm', token: 'token-1', ...fields };
}

/** Whose a token is. */
export function declareTokenOwners(test: ContractTest<DeviceTokenStore>): void {
  test('gives a token to whoever registered it last', async (store) => {
    await store.register(aDevice({ deviceId: 'install-1', recipientId: 'ada' }));
    await store.register(aDevice({ deviceId: 'install-2', recipientId: 'ben' }));
    assert.deepEqual(await ownersIn(store, ['ada', 'ben']), ['ben install-2']);
    await store.register(aDevice({ deviceId: 'install-3', recipientId: 'ben' }));
    assert.deepEqual(await ownersIn(store, ['ada', 'ben']), ['ben install-3']);
    await store.register(aDevice({ deviceId: 'install-1', recipientId: 'ada' }));
    assert.deepEqual(await ownersIn(store, ['ada', 'ben']), ['ada install-1']);
    assert.equal(await store.removeIfUnchanged('install-3', 'token-1', never()), false);
  });

  test('knows a browser by its endpoint, an iPhone by its digits, and no two platforms for one', async (store) => {
    const web = (deviceId: string, recipientId: string, token: string) =>
      store.register(aDevice({ platform: 'web', deviceId, recipientId, token }));
    await web('w1', 'ada', aSubscription('1'));
    await web(
      'w2',
      'ben',
      JSON.stringify({ expirationTime: null, ...JSON.parse(aSubscription('1')) }, null, 1),
    );
    await web('w3', 'ada', aSubscription('2'));
    const platforms = [
      ['a1', 'ada', 'apns', 'ABCDEF01'],
      ['a2', 'ben', 'apns', 'abcdef01'],
      ['f1', 'ada', 'fcm', 'abcdef01'],
      ['f2', 'ben', 'fcm', 'ABCDEF01'],
    ] as const;
    for (const [deviceId, recipientId, platform, token] of platforms)
      await store.register(aDevice({ deviceId, recipientId, platform, token }));
    assert.deepEqual((await ownersIn(store, ['ada', 'ben'])).sort(), [
      'ada f1',
      'ada w3',
      'ben a2',
      'ben f2',
      'ben w2',
    ]);
  });

  test('keeps the 50 devices of a recipient that registered last', async (store) => {
    await store.register(aDevice({ deviceId: 'a0', recipientId: 'cleo', token: 'of-cleo' }));
    const ids = Array.from({ length: 55 }, (_, index) => `device-${(index * 37) % 55}`);
    for (const deviceId of ids) await store.register(aDevice({ deviceId, token: `token-of-${deviceId}` }));
    const listed = async () => (await store.list('ben', never())).map(({ deviceId }) => deviceId);
    const latest = ids.slice(5);
    assert.deepEqual(await listed(), latest);
    assert.equal((await store.list('cleo', never())).length, 1);
    // What was dropped is gone, not only left out.
    assert.equal(await store.removeIfUnchanged(latest[0] ?? '', `token-of-${latest[0]}`, never()), true);
    assert.deepEqual(await listed(), latest.slice(1));
  });

  declareConcurrentOwners(test);
}

function declareConcurrentOwners(test: ContractTest<DeviceTokenStore>): void {
  test('leaves one owner when many register a token at once, and loses none that swap theirs', async (store) => {
    const people = Array.from({ length: 12 }, (_, index) => `person-${index}`);
    await Promise.all(
      people.map((recipientId, index) => store.register(aDevice({ deviceId: `d${index}`, recipientId }))),
    );
    assert.equal((await ownersIn(store, people)).length, 1);
    const pair = [
      { deviceId: 'x', recipientId: 'ada' },
      { deviceId: 'y', recipientId: 'ben' },
    ];
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        pair.map((device, at) => store.register(aDevice({ ...device, token: `t${(at + round) % 2}` }))),
      );
      const tokens = (await Promise.all(pair.map(({ recipientId }) => store.list(recipientId, never()))))
        .flat()
        .map(({ token }) => token);
      assert.equal(new Set(tokens).size, tokens.length);
      assert.ok(tokens.length > 0);
    }
  });
}

async function ownersIn(store: DeviceTokenStore, people: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(people.map((person) => store.list(person, never())));
  return lists.flat().map(({ recipientId, deviceId }) => `${recipientId} ${deviceId}`);
}

/** What a DeviceTokenStore refuses to store. */
export function declareDeviceChecks(test: ContractTest<DeviceTokenStore>): void {
  const long = 'x'.repeat(2_049);
  const wrong: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ...['', ' ', 'a b', 'a\u0000', 'x'.repeat(129), 7, undefined].flatMap((id) => [
      ['deviceId', { deviceId: id }] as const,
      ['recipientId', { recipientId: id }] as const,
    ]),
    ...['', 'FCM', 'ios', null, undefined].map((platform) => ['platform', { platform }] as const),
    ...['', ' ', 'a b', 'a\nb', 'a\u0000', '\ud800', long, 7, null].flatMap((token) => [
      ['token', { token }] as const,
      ['token', { platform: 'apns', token }] as const,
      ['token', { platform: 'web', token }] as const,
    ]),
    ...['token-1', '{}', 'null', '[]', '{"endpoint":"https://push.example"}'].map(
      (token) => ['token', { platform: 'web', token }] as const,
    ),
    ...[
      { endpoint: 'nowhere' },
      { endpoint: 'http://push.example/1' },
      { endpoint: 'https://user:word@push.example/1' },
      { keys: {} },
      { keys: { p256dh: 'AAAA', auth: 'AAAA' } },
    ].map((fields) => ['token', { platform: 'web', token: aSubscription('1', fields) }] as const),
  ];

  test('refuses a device that no push could reach, and names the field', async (store) => {
    for (const [field, fields] of wrong) {
      const device = { ...aDevice(), ...fields };
      await assert.rejects(
        async () => store.register(device),
        (error) => error instanceof InvalidDeviceError && error.issues.some(({ path }) => path === field),
        JSON.stringify(fields),
      );
    }
    assert.deepEqual(await store.list('ben', never()), []);
  });
}

/** The JSON of a browser's subscription. */
export function aSubscription(name: string, fields: object = {}): string {
  const keys = {
    p256dh: Buffer.alloc(65, 4).toString('base64url'),
    auth: Buffer.alloc(16, 1).toString('base64url'),
  };
  return JSON.stringify({ endpoint: `https://push.example/${name}`, keys, ...fields });
}
