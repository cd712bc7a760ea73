// `npm run demo`: builds, and runs the demo in this process. Whoever only asks for help need not wait for the build.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const require = createRequire(import.meta.url);
const options = process.argv.slice(2);

if (options.includes('--help') || options.includes('-h')) {
  require('../test/support/typescript-hook.cjs');
  console.log(require('../src/demo/demo-options.ts').DEMO_HELP);
} else {
  console.log('Building, about half a minute …');
  const { status } = spawnSync('npm run --silent build', { shell: true, stdio: 'inherit' });
  if (status === 0) require(resolve('dist/demo/main.js'));
  else process.exitCode = status ?? 1;
}
