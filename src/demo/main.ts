import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:os';
import { printGoodbyeOnInterrupt, printWelcome } from '../welcome.js';
import { listConversations, loadConversation } from './story/conversation.js';
import { DEMO_HELP, parseDemoOptions } from './demo-options.js';
import type { DemoOptions } from './demo-options.js';
import { Performance } from './story/performance.js';
import { buildStage } from './stage/stage.js';
import { Story } from './story/story.js';

/** Longer than everything takes to close, a worker process that has to be killed included. */
const CLOSE_DEADLINE_MS = 25_000;

/** Somebody asked the demo to end. */
class StopRequest extends Error {
  constructor(readonly signalName: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`Stopped by ${signalName}.`);
  }

  get exitCode(): number {
    return 128 + constants.signals[this.signalName];
  }
}

async function main(): Promise<number> {
  const options = parseDemoOptions(process.argv.slice(2));
  if (options.help) {
    console.log(DEMO_HELP);
    return 0;
  }
  const end = new AbortController();
  endOnSignals(end);
  printGoodbyeOnInterrupt();
  const closers: (() => unknown)[] = [];
  try {
    return await run(options, end, closers);
  } finally {
    await closeAll(closers);
  }
}

/** @returns the exit code */
async function run(options: DemoOptions, end: AbortController, closers: (() => unknown)[]): Promise<number> {
  console.log('\n  Starting …');
  const { signal } = end;
  const sample = loadConversation();
  const run = randomUUID().slice(0, 8);
  const { trouble, parked } = sample;
  const stage = await buildStage(
    {
      ...{ port: options.port, workers: options.workers, run },
      conversations: listConversations(sample, run),
      troubles: {
        [`${trouble.flaky.message}-${run}`]: trouble.flaky.failures,
        [`${parked.poison.message}-${run}`]: 'rejected',
      },
      onWorkerDeath: (error) => end.abort(error),
    },
    closers,
  );
  const story = new Story(stage, sample, run);
  const isAsExpected = await new Performance(stage, story, sample, signal).play();
  stage.clients.close();
  if (!options.exit) {
    const url = await stage.app.getUrl();
    printWelcome(stage.app, url);
    printWhatIsLeft(url);
    const reason = await aborted(signal);
    if (!(reason instanceof StopRequest)) throw reason;
  }
  return isAsExpected ? 0 : 1;
}

/** Where to look at what the story has left. */
function printWhatIsLeft(url: string): void {
  console.log(`  What happened minute by minute, and an alert that fired and is over:
  ${url}/admin/console

  One dead letter is left. The mail filter is set right: replay it there, or
  open it on the board and press Retry.
  ${url}/admin/console#/dead-letters
  ${url}/admin/queues/queue/message-notification?status=failed
`);
}

/** The first signal ends the demo in order, a second one at once. */
function endOnSignals(end: AbortController): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      const request = new StopRequest(name);
      if (end.signal.aborted) process.exit(request.exitCode);
      end.abort(request);
    });
  }
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
}

/** Last first; what cannot be closed keeps nothing else open. */
async function closeAll(closers: (() => unknown)[]): Promise<void> {
  setTimeout(() => {
    console.error(`The demo could not be closed within ${CLOSE_DEADLINE_MS / 1000} s.`);
    process.exit(1);
  }, CLOSE_DEADLINE_MS).unref();
  for (const close of closers.reverse()) {
    try {
      await close();
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
    }
  }
}

// Everything is closed. What would keep the process open cannot be: connections of an app that could not be built, and a
// timer of Socket.IO's Redis adapter that runs for as long as a device may take to acknowledge.
main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(error instanceof StopRequest ? error.exitCode : 1);
  },
);
