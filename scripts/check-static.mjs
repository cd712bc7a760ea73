// The static half of `npm run check`: runs every check, two at a time, and prints the output of those that fail.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

const CHECKS = [
  ['lint', 'findings of typescript-eslint'],
  ['types', 'type errors, type tests included'],
  ['boundaries', 'who may import whom'],
  ['unused', 'files, exports and dependencies nobody uses'],
  ['api-report:check', 'the public API against docs/api'],
  ['docs:check', 'generated documentation against its schema'],
  ['format:check', 'prettier'],
];

function run([name, what]) {
  const startedAt = Date.now();
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', name], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.once('close', (code) => {
      const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(18)} ${seconds.padStart(5)} s  ${what}`);
      resolve({ name, code, output: Buffer.concat(output).toString() });
    });
  });
}

const queue = [...CHECKS];
const results = [];
async function worker() {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) results.push(await run(next));
}
await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker));

const failed = results.filter(({ code }) => code !== 0);
for (const { name, output } of failed) console.log(`\n── ${name}: npm run ${name}\n${output.trimEnd()}`);
if (failed.length > 0) process.exitCode = 1;
