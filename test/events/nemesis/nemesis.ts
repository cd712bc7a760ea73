// node … nemesis.ts <events> <deadline, ms> <mistake, or none> <seed> …: each seed in turn, then a line of JSON with all verdicts.
import 'reflect-metadata';
import { setEnvironmentData } from 'node:worker_threads';
import { RestartDelay } from '../../../src/buffered-events/threads/pool/restart-delay.js';
import { WitnessedThreads } from '../support/witnessed-threads.js';
import { hearFailuresLate, replaceMethod } from './nemesis-deaths.js';
import { MISTAKE } from './nemesis-events.js';
import { makeMistake } from './nemesis-mistakes.js';
import { NemesisRun } from './nemesis-run.js';
import type { NemesisVerdict } from './nemesis-run.js';

const [events, deadlineMs, mistake = 'none', ...seeds] = process.argv.slice(2);
const threads = WitnessedThreads.watch();

// Threads that die every few moments would soon stay away for 30 s each: here it is about events.
replaceMethod(RestartDelay, 'after', () => () => 1);
hearFailuresLate();
if (mistake !== 'none') {
  makeMistake(mistake);
  setEnvironmentData(MISTAKE, mistake);
}

async function main(): Promise<void> {
  const verdicts: NemesisVerdict[] = [];
  for (const seed of seeds) {
    const run = new NemesisRun({
      seed: Number(seed),
      events: Number(events),
      threads,
      deadlineMs: Number(deadlineMs),
    });
    verdicts.push(await run.judge());
  }
  process.stdout.write(`\n${JSON.stringify({ verdicts })}\n`);
}

void main();
