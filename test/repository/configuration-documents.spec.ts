import { renderConfigurationPage, renderEnvironmentExample } from '../../scripts/configuration-documents.js';
import { resolveEventBusSettings } from '../../src/buffered-events/configuration/resolve-event-bus-settings.js';
import { SETTINGS as EVENT_SETTINGS } from '../../src/buffered-events/configuration/settings.js';
import { settingsOf } from '../../src/kernel/values/setting.js';
import { readEnvironment } from '../../src/kernel/settings/environment.js';
import { resolveConfiguration } from '../../src/message-queue/configuration/resolve-configuration.js';
import { SETTINGS } from '../../src/message-queue/configuration/settings.js';
import { BUILT_IN_QUEUES } from '../../src/message-queue/queues/queue-definitions.js';

const APP_VARIABLES = [
  { variable: 'TOWN', allowed: 'a `name`', description: 'Where `it` is.', default: 'Rome', example: 'Oslo' },
  { variable: 'STREET', allowed: 'text', description: 'Which.', otherwise: 'none is shown' },
];
const example = renderEnvironmentExample(BUILT_IN_QUEUES, APP_VARIABLES);

describe('the generated documents', () => {
  it('name every setting', () => {
    const page = renderConfigurationPage(BUILT_IN_QUEUES, APP_VARIABLES);
    for (const [path, { variable }] of [...settingsOf(SETTINGS), ...settingsOf(EVENT_SETTINGS)]) {
      if (variable !== undefined) expect(example).toContain(`# ${variable}=`);
      expect(page).toContain(`| \`${path}\` | ${variable === undefined ? '–' : `\`${variable}\``} |`);
    }
    expect(example).toContain('# QUEUE_MESSAGE_DELIVERY_CONCURRENCY=10');
    expect(page).toContain('| `message-cleanup` | `MESSAGE_CLEANUP` | 1 | 2 | fixed, 10000 ms | 600000 ms |');
  });

  it('name what the app reads, apart from the settings', () => {
    const page = renderConfigurationPage(BUILT_IN_QUEUES, APP_VARIABLES);
    expect(page).toMatch(/## Reference app[\s\S]*\| `TOWN` \| a `name` \| `Rome` \| Where `it` is\. \|/);
    expect(page).toContain('| `STREET` | text | none is shown | Which. |');
    expect(example).toMatch(
      /Reference app[\s\S]*# Where it is\.\n# Allowed: a name\.\n# Default: Rome\.\n# TOWN=Oslo\n/,
    );
    expect(example).toContain('# Default: none is shown.\n# STREET=\n');
  });

  it('give defaults and examples that are accepted as they stand', () => {
    const lines = example.split('\n').filter((line) => /^# [A-Z_]+=/.test(line));
    const variables = Object.fromEntries(
      lines.map((line) => line.slice(2).split(/=(.*)/s).slice(0, 2) as [string, string]),
    );
    // Each says where Redis is in its own way: one at a time.
    const places = ['REDIS_URL', 'REDIS_HOST', 'REDIS_SENTINELS'];
    for (const place of places) {
      const others = [...places, 'REDIS_SENTINEL_NAME'].filter(
        (name) => name !== place && !(place === 'REDIS_SENTINELS' && name === 'REDIS_SENTINEL_NAME'),
      );
      const env = Object.fromEntries(Object.entries(variables).filter(([name]) => !others.includes(name)));
      const { config } = resolveConfiguration({
        options: {},
        environment: readEnvironment(undefined, env),
        definitions: BUILT_IN_QUEUES,
      });
      expect(config.provider).toBe('redis');
    }
    const events = resolveEventBusSettings({}, readEnvironment(undefined, variables));
    expect(events).toMatchObject({ workerCount: 4, threads: { execArgv: ['--import', 'tsx'] } });
  });
});
