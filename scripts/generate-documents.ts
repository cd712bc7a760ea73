import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { QUOTED_FILE } from '../bench/report/quoted-results.js';
import type { QuotedResults } from '../bench/report/quoted-results.js';
import { APP_VARIABLES } from '../src/app-variables.js';
import { BUILT_IN_QUEUES } from '../src/message-queue/queues/queue-definitions.js';
import { renderConfigurationPage, renderEnvironmentExample } from './configuration-documents.js';
import { renderPerformancePage } from './performance-page.js';

// Writes .env.example, docs/configuration.md and docs/performance.md; with --check only says whether they are what the declarations of
// the settings, and the quoted run of the benchmark, say.
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
  const quoted = JSON.parse(readFileSync(QUOTED_FILE, 'utf8')) as QuotedResults;
  // The pages go through the formatter that checks every other page.
  generate('docs/configuration.md', await format(page, { ...style, parser: 'markdown' }));
  const performancePage = renderPerformancePage(quoted);
  generate('docs/performance.md', await format(performancePage, { ...style, parser: 'markdown' }));
}

void main();
