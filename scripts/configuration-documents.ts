import type { Setting } from '../src/kernel/values/setting.js';
import { settingsOf } from '../src/kernel/values/setting.js';
import { SECTIONS as EVENT_SECTIONS } from '../src/buffered-events/configuration/settings.js';
import { variablePartOf } from '../src/message-queue/configuration/resolve-queues.js';
import { valueAt } from '../src/kernel/settings/read-settings.js';
import { SECTIONS } from '../src/message-queue/configuration/settings.js';
import type { Fields } from '../src/kernel/values/options.js';
import type { QueueDefinition } from '../src/message-queue/jobs/queue-definition.js';
import { QUEUE_SETTINGS } from '../src/message-queue/jobs/queue-settings.js';
import { settingDescriptions } from './setting-descriptions.js';

const GENERATED =
  'Generated from the declarations of the settings by `npm run docs`; edit those, not this file.';
const LIBRARY = 'src/message-queue';
const DESCRIPTIONS = settingDescriptions(`${LIBRARY}/configuration/settings.ts`, 'SETTINGS');
const OF_EVENTS = settingDescriptions('src/buffered-events/configuration/settings.ts', 'SETTINGS');
const OF_QUEUES = settingDescriptions(`${LIBRARY}/jobs/queue-settings.ts`, 'QUEUE_SETTINGS');

/** A variable that the app reads in addition to those of the module. */
export interface AppVariable {
  readonly variable: string;
  readonly allowed: string;
  readonly description: string;
  readonly default?: string;
  /** What happens when the variable is not set and has no default. */
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
    '# Every variable is optional; a blank one counts as not set.',
  ];
  for (const [section, tree] of Object.entries(SECTIONS)) {
    lines.push('', `# --- ${section} ---`, ...variableLines(tree, DESCRIPTIONS));
  }
  lines.push('', '# --- Queues ---', '# Your own queues have the same four, with their names in capitals.');
  for (const definition of definitions) {
    lines.push('', `# ${definition.name}`);
    for (const [variable, path] of queueVariables(definition)) {
      lines.push(`# ${variable}=${String(valueAt(definition, path))}`);
    }
  }
  for (const [section, tree] of Object.entries(EVENT_SECTIONS)) {
    lines.push(
      '',
      `# --- ${section} ---`,
      '# Read by BufferedEventsModule.',
      ...variableLines(tree, OF_EVENTS),
    );
  }
  lines.push('', '# --- Reference app ---', '# Read by the app in src/, not by the module.');
  for (const { variable, allowed, description, example, ...fallback } of appVariables) {
    lines.push('', ...commented(plain(description)), ...commented(plain(`Allowed: ${allowed}.`)));
    lines.push(...commented(plain(`Default: ${fallbackText(fallback)}.`)));
    lines.push(`# ${variable}=${example ?? fallback.default ?? ''}`);
  }
  return `${lines.join('\n')}\n`;
}

function variableLines(tree: Fields, descriptions: ReadonlyMap<string, string>): string[] {
  return settingsOf(tree).flatMap(([path, setting]) => {
    const { kind, variable, unset, example } = setting;
    if (variable === undefined) return [];
    const value = example ?? (unset === undefined ? '' : kind.toText(unset));
    return [
      '',
      ...commented(plain(described(descriptions, path))),
      ...commented(`Allowed: ${kind.expected}.`),
      ...commented(plain(`Default: ${defaultText(setting)}.`)),
      `# ${variable}=${value}`,
    ];
  });
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
    'through the `ConfigService` of `@nestjs/config` if the app has it. Everything is checked once, at start: one',
    '`InvalidConfigurationError` lists every mistake, with the name, the value (secrets masked) and what is allowed.',
    'A variable that looks like a misspelling of one of these is a mistake too, and an unknown option always is.',
  ];
  for (const [section, tree] of Object.entries(SECTIONS)) {
    lines.push('', `## ${section}`, ...settingLines(tree, DESCRIPTIONS));
  }
  lines.push(...queueSettingLines(), ...queueTableLines(definitions), ...CODE_LINES);
  lines.push(...eventLines(), ...appVariableLines(appVariables));
  return `${lines.join('\n')}\n`;
}

function settingLines(tree: Fields, descriptions: ReadonlyMap<string, string>): string[] {
  const rows = settingsOf(tree).map(([path, setting]) => {
    const variable = setting.variable === undefined ? '–' : `\`${setting.variable}\``;
    const cells = [`\`${path}\``, variable, setting.kind.expected, defaultText(setting)];
    return `| ${[...cells, described(descriptions, path)].map(cell).join(' | ')} |`;
  });
  return ['', '| Option | Variable | Allowed | Default | |', '|---|---|---|---|---|', ...rows];
}

function eventLines(): string[] {
  return [
    ...Object.entries(EVENT_SECTIONS).flatMap(([section, tree]) => [
      '',
      `## ${section}`,
      '',
      'Options of `BufferedEventsModule`, read as those of the queues are. A variable is `BUFFERED_EVENTS_` and the path of its option in',
      'capitals. Where two names stand for one setting, a start with two different values is refused.',
      ...settingLines(tree, OF_EVENTS),
    ]),
    '',
    '`correlationId`, `carry` and `onLeftover` are functions, which no variable sets. `isGlobal` stands beside the factory of `forRootAsync`.',
  ];
}

const CODE_LINES = [
  '',
  '## Options without a variable',
  '',
  '`middleware`, `circuitBreakers`, `board` and `health` are options too, for `forRoot` as well as for the factory of',
  '`forRootAsync`, and are checked along with the others. `isGlobal`, `configKey`, `imports` and `adapters` put the module',
  'together before a factory can run: they are passed alongside it, and a factory that returns one does not compile.',
];

function appVariableLines(appVariables: readonly AppVariable[]): string[] {
  const lines = [
    '',
    '## Reference app',
    '',
    'What the app in `src/` (`npm start`, `npm run demo`, the Docker image) reads in addition; your own host does not need these.',
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
    'everything but letters and digits: `message-delivery` → `QUEUE_MESSAGE_DELIVERY_CONCURRENCY`. They work for your',
    'own queues too. `queues.<name>.flow` replaces what the definition says of groups and rates: [flow](flow.md).',
    '',
    '| Option | Variable | Allowed | |',
    '|---|---|---|---|',
  ];
  for (const [path, { variable: ending, kind }] of settingsOf(QUEUE_SETTINGS)) {
    const variable = ending === undefined ? '–' : `\`QUEUE_<NAME>_${ending}\``;
    const cells = [`\`${path}\``, variable, kind.expected, described(OF_QUEUES, path)];
    lines.push(`| ${cells.map(cell).join(' | ')} |`);
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

function described(descriptions: ReadonlyMap<string, string>, path: string): string {
  const description = descriptions.get(path) ?? '';
  if (description === '') throw new Error(`The setting "${path}" has no comment that says what it does.`);
  return description;
}

function defaultText({ kind, unset, production = unset, otherwise }: Setting): string {
  if (otherwise !== undefined) return otherwise;
  if (unset === undefined) return 'none';
  const [usual, inProduction] = [kind.toText(unset), kind.toText(production)];
  return usual === inProduction ? `\`${usual}\`` : `\`${usual}\`, in production \`${inProduction}\``;
}

function queueVariables(definition: QueueDefinition): [variable: string, path: string][] {
  return settingsOf(QUEUE_SETTINGS).flatMap(([path, { variable }]) =>
    variable === undefined
      ? []
      : [[`QUEUE_${variablePartOf(definition.name)}_${variable}`, path] as [string, string]],
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
