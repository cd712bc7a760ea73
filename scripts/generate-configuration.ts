import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { APP_VARIABLES } from '../src/app-variables.js';
import { BUILT_IN_QUEUES } from '../src/message-queue/queues/queue-definitions.js';
import { renderConfigurationPage, renderEnvironmentExample } from './configuration-documents.js';

// Writes .env.example and docs/configuration.md; with --check only says whether they are what the declarations of the settings say.
const checkOnly = process.argv.includes('--check');

function generate(path: string, text: string): void {
  const file = join(process.cwd(), path);
  const written = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (written === text) return;
  if (checkOnly) {
    console.error(`${path} is out of date: run "npm run docs" and commit the result.`);
    process.exitCode = 1;
    return;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(`${path} written`);
}

async function main(): Promise<void> {
  const appVariables = Object.values(APP_VARIABLES);
  const page = renderConfigurationPage(BUILT_IN_QUEUES, appVariables);
  const style = (await resolveConfig(join(process.cwd(), 'package.json'))) ?? {};
  generate('.env.example', renderEnvironmentExample(BUILT_IN_QUEUES, appVariables));
  // The page goes through the formatter that checks every other page.
  generate('docs/configuration.md', await format(page, { ...style, parser: 'markdown' }));
}

void main();
