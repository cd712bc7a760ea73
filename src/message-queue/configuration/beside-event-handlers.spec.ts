import { bootFor } from '../../kernel/host/handlers-host.js';
import { resolve } from '../../../test/support/configuration-fixture.js';

const bus = {};

describe('beside handlers of buffered events', () => {
  it.each(['worker', 'both', 'producer'] as const)('only adds, also where it is a %s', async (role) => {
    const given = { options: { provider: 'redis', role, redis: { host: 'localhost' } } } as const;
    expect(resolve(given).config.role).toBe(role);
    const config = await bootFor(bus, async () => {
      await Promise.resolve();
      return resolve(given).config;
    });
    expect(config.role).toBe('producer');
    expect(resolve(given).config.role).toBe(role);
  });

  it.each([{ options: { provider: 'memory' } }, { env: { MESSAGE_QUEUE_PROVIDER: 'memory' } }, {}] as const)(
    'refuses a store that is in the thread of the app: %j',
    (given) => {
      expect(() => bootFor(bus, () => resolve(given))).toThrow(/is "memory", whose jobs .* where: 'main'/s);
    },
  );
});
