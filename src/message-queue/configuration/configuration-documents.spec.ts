import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILT_IN_QUEUES } from '../queues/queue-definitions.js';
import { renderConfigurationPage, renderEnvironmentExample } from './configuration-documents.js';
import { CONFIGURATION_SCHEMA, SETTING_KEYS } from './configuration-schema.js';
import { readEnvironment } from './environment.js';
import { resolveConfiguration } from './resolve-configuration.js';

const example = renderEnvironmentExample(BUILT_IN_QUEUES);

describe('the generated documents', () => {
  it('are what the repository has', () => {
    const committed = readFileSync(join(__dirname, '../../../.env.example'), 'utf8');
    expect(committed).toBe(example);
  });

  it('name every setting', () => {
    const page = renderConfigurationPage(BUILT_IN_QUEUES);
    for (const key of SETTING_KEYS) {
      const { variable } = CONFIGURATION_SCHEMA[key];
      expect(example).toContain(`# ${variable}=`);
      expect(page).toContain(`| \`${key}\` | \`${variable}\` |`);
    }
    expect(example).toContain('# QUEUE_MESSAGE_DELIVERY_CONCURRENCY=10');
    expect(page).toContain('| `message-cleanup` | `MESSAGE_CLEANUP` | 1 | 2 | fixed, 10000 ms | 600000 ms |');
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
  });
});
