import type { QueueDefinition } from '../jobs/queue-definition.js';
import { CONFIGURATION_SCHEMA, SETTING_KEYS } from './configuration-schema.js';
import type { Setting, SettingKey } from './configuration-schema.js';
import { QUEUE_SETTINGS, valueAt } from './queue-settings.js';
import { variablePartOf } from './queue-variables.js';

const GENERATED =
  'Generated from the configuration schema by `npm run docs`; edit the schema, not this file.';

/** A variable that the app reads beside those of the module. */
export interface AppVariable {
  readonly variable: string;
  readonly allowed: string;
  readonly description: string;
  readonly default?: string;
  /** What happens when it is not set, where there is no default. */
  readonly otherwise?: string;
  readonly example?: string;
}

/** The text of `.env.example`: every variable with its default, commented out. */
export function renderEnvironmentExample(
  definitions: readonly QueueDefinition[],
  appVariables: readonly AppVariable[],
): string {
  const lines = [
    `# ${GENERATED.replaceAll('`', '')}`,
    '# Every variable is optional; blank counts as not set.',
  ];
  for (const [section, keys] of sections()) {
    lines.push('', `# --- ${section} ---`);
    for (const key of keys) {
      const setting = settingOf(key);
      lines.push(
        '',
        ...commented(plain(setting.description)),
        ...commented(`Allowed: ${setting.type.expected}.`),
      );
      lines.push(...commented(plain(`Default: ${defaultText(setting)}.`)), exampleLine(key, setting));
    }
  }
  lines.push('', '# --- Queues ---', '# A queue of your own has the same four, with its name in capitals.');
  for (const definition of definitions) {
    lines.push('', `# ${definition.name}`);
    for (const [variable, path] of queueVariables(definition)) {
      lines.push(`# ${variable}=${String(valueAt(definition, path))}`);
    }
  }
  lines.push('', '# --- Reference app ---', '# Read by the app in src/, not by the module.');
  for (const { variable, allowed, description, example, ...fallback } of appVariables) {
    lines.push('', ...commented(plain(description)), ...commented(plain(`Allowed: ${allowed}.`)));
    lines.push(...commented(plain(`Default: ${fallbackText(fallback)}.`)));
    lines.push(`# ${variable}=${example ?? fallback.default ?? ''}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The text of `docs/configuration.md`. */
export function renderConfigurationPage(
  definitions: readonly QueueDefinition[],
  appVariables: readonly AppVariable[],
): string {
  const lines = [
    '# Configuration',
    '',
    `<!-- ${GENERATED} -->`,
    '',
    'An option of `forRoot` / `forRootAsync` wins over its environment variable, which wins over the default. Variables are read',
    'through `ConfigService` of `@nestjs/config` where the app has it. Everything is checked once, at start: one',
    '`InvalidConfigurationError` lists every mistake, with the name, the value (secrets masked) and what is allowed.',
    'Variables that look like a misspelling of these stop the start too, unknown options always do.',
  ];
  for (const [section, keys] of sections()) {
    lines.push(
      '',
      `## ${section}`,
      '',
      '| Option | Variable | Allowed | Default | |',
      '|---|---|---|---|---|',
    );
    for (const key of keys) {
      const setting = settingOf(key);
      const cells = [`\`${key}\``, `\`${setting.variable}\``, setting.type.expected, defaultText(setting)];
      lines.push(`| ${[...cells, setting.description].map(cell).join(' | ')} |`);
    }
  }
  lines.push(...queueSettingLines(), ...queueTableLines(definitions), ...CODE_LINES);
  lines.push(...appVariableLines(appVariables));
  return `${lines.join('\n')}\n`;
}

const CODE_LINES = [
  '',
  '## Options without a variable',
  '',
  '`schedules`, `middleware`, `circuitBreakers`, `board` and `health` are options too, of `forRoot` and of what the factory of',
  '`forRootAsync` returns, and are checked with the others. `isGlobal`, `configKey`, `imports` and `adapters` put the module',
  'together before a factory can run: they stand beside it, and a factory that returns one does not compile.',
];

function appVariableLines(appVariables: readonly AppVariable[]): string[] {
  const lines = [
    '',
    '## Reference app',
    '',
    'What the app in `src/` (`npm start`, `npm run demo`, the Docker image) reads beside the above; a host of yours need not.',
    '',
    '| Variable | Allowed | Default | |',
    '|---|---|---|---|',
  ];
  for (const { variable, allowed, description, ...fallback } of appVariables) {
    lines.push(
      `| ${[`\`${variable}\``, allowed, fallbackText(fallback), description].map(cell).join(' | ')} |`,
    );
  }
  return lines;
}

function fallbackText({ default: usual, otherwise }: Pick<AppVariable, 'default' | 'otherwise'>): string {
  return otherwise ?? (usual === undefined ? 'none' : `\`${usual}\``);
}

function queueSettingLines(): string[] {
  const lines = [
    '',
    '## Settings of a queue',
    '',
    'Under `queues.<name>` in the options, or by variable, where `<NAME>` is the name of the queue in capitals with `_` for',
    'everything but letters and digits: `message-delivery` → `QUEUE_MESSAGE_DELIVERY_CONCURRENCY`. They work for the',
    'queues of your own too.',
    '',
    '| Option | Variable | Allowed | |',
    '|---|---|---|---|',
  ];
  for (const [path, { suffix, type, description }] of Object.entries(QUEUE_SETTINGS)) {
    const variable = suffix === undefined ? '–' : `\`QUEUE_<NAME>_${suffix}\``;
    lines.push(`| ${[`\`${path}\``, variable, type.expected, description].map(cell).join(' | ')} |`);
  }
  return lines;
}

function queueTableLines(definitions: readonly QueueDefinition[]): string[] {
  const lines = [
    '',
    '## Defaults of the built-in queues',
    '',
    '| Queue | `<NAME>` | Concurrency | Attempts | Backoff | Timeout |',
    '|---|---|---|---|---|---|',
  ];
  for (const { name, concurrency, attempts, backoff, timeoutMs } of definitions) {
    const wait = `${backoff.type}, ${backoff.delayMs} ms`;
    const cells = [
      `\`${name}\``,
      `\`${variablePartOf(name)}\``,
      concurrency,
      attempts,
      wait,
      `${timeoutMs} ms`,
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  return lines;
}

function sections(): Map<string, SettingKey[]> {
  const sections = new Map<string, SettingKey[]>();
  for (const key of SETTING_KEYS) {
    const { section } = settingOf(key);
    sections.set(section, [...(sections.get(section) ?? []), key]);
  }
  return sections;
}

function settingOf(key: SettingKey): Setting {
  return CONFIGURATION_SCHEMA[key] as Setting;
}

function defaultText({ development, production, otherwise, type }: Setting): string {
  if (otherwise !== undefined) return otherwise;
  if (development === null) return 'none';
  const forDevelopment = type.format(development);
  const forProduction = production === null ? 'none' : type.format(production);
  return forDevelopment === forProduction
    ? `\`${forDevelopment}\``
    : `\`${forDevelopment}\`, in production \`${forProduction}\``;
}

const EXAMPLES: Partial<Record<SettingKey, string>> = {
  provider: 'redis',
  'redis.url': 'redis://127.0.0.1:6379/0',
  'redis.host': '127.0.0.1',
  'redis.sentinels': 'sentinel-1:26379,sentinel-2:26379,sentinel-3:26379',
  'redis.sentinelName': 'mymaster',
};

function exampleLine(key: SettingKey, { variable, development, type }: Setting): string {
  const value = EXAMPLES[key] ?? (development === null ? '' : type.format(development));
  return `# ${variable}=${value}`;
}

function queueVariables(definition: QueueDefinition): [variable: string, path: string][] {
  return Object.entries(QUEUE_SETTINGS).flatMap(([path, { suffix }]) =>
    suffix === undefined
      ? []
      : [[`QUEUE_${variablePartOf(definition.name)}_${suffix}`, path] as [string, string]],
  );
}

function commented(text: string): string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > 100) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

function plain(text: string): string {
  return text.replaceAll('`', '');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
