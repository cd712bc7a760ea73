import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { ConsoleLogger } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import {
  BUILT_IN_QUEUES,
  EmailChannel,
  JobEvents,
  MessageQueueService,
  MessageTransport,
} from '../message-queue/index.js';
import { hasColors, printWelcome } from '../welcome.js';
import { loadConversation, loadExpectedOutcome } from './conversation.js';
import { DEMO_HELP, parseDemoOptions } from './demo-options.js';
import { differences, readOutcome } from './outcome.js';
import { ProgressLine } from './progress-line.js';
import { RunStatistics } from './run-statistics.js';
import { Story } from './story.js';
import { renderTable } from './table.js';
import { FlakyTransport, StrictEmailChannel } from './troubled-adapters.js';

const ACT_DEADLINE_MS = 60_000;
const QUEUES = BUILT_IN_QUEUES.map(({ name }) => name);

async function main(): Promise<number> {
  const options = parseDemoOptions(process.argv.slice(2));
  if (options.help) {
    console.log(DEMO_HELP);
    return 0;
  }
  const app = await NestFactory.create(
    AppModule.register({
      // The story counts its own clean-up alone, and waits until nothing is delayed.
      cleanup: { schedules: false },
      adapters: [
        { provide: MessageTransport, useClass: FlakyTransport },
        { provide: EmailChannel, useClass: StrictEmailChannel },
      ],
    }),
    { logger: new ConsoleLogger({ logLevels: ['fatal'], colors: hasColors(), prefix: 'demo' }) },
  );
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(options.port);
  const asExpected = await tell(app);
  if (options.exit) {
    await app.close();
    return asExpected ? 0 : 1;
  }
  printWelcome(await app.getUrl());
  return 0;
}

/** Plays the story and prints what happened. @returns whether all is as expected */
async function tell(app: INestApplication): Promise<boolean> {
  const sample = loadConversation();
  const statistics = new RunStatistics(app.get(JobEvents));
  const story = new Story(app, sample, randomUUID().slice(0, 8));
  const { flaky, dead } = sample.trouble;

  console.log(
    `\n  ${sample.messages.length} messages in six languages, and an announcement to ${sample.announcement.recipients} neighbours.`,
  );
  console.log(`  Troubles ahead: ${flaky.story}; ${dead.story}.\n`);
  await story.prepare();
  await act(app, statistics, 'send', () => story.send());
  await act(app, statistics, 'read, edit, clean up', () => story.followUp());
  for (const letter of await story.deadLetters()) console.log(`  dead letter: ${letter}`);
  let replayed = 0;
  await act(app, statistics, 'repair and replay', async () => {
    replayed = await story.repair();
    for (let n = 0; n < replayed; n += 1) statistics.replayed();
  });
  return report(app, story, statistics, replayed);
}

async function act(
  app: INestApplication,
  statistics: RunStatistics,
  label: string,
  play: () => Promise<void>,
): Promise<void> {
  const line = new ProgressLine(statistics);
  line.start(label);
  try {
    await play();
    await idle(app.get(MessageQueueService));
  } finally {
    line.stop(label);
  }
}

/** Resolves when the six queues have nothing waiting, delayed or active. */
async function idle(queue: MessageQueueService): Promise<void> {
  const giveUpAt = Date.now() + ACT_DEADLINE_MS;
  for (;;) {
    const { queues } = await queue.getQueueMetrics();
    const busy = QUEUES.filter((name) => {
      const counts = queues[name];
      return counts !== undefined && counts.waiting + counts.delayed + counts.active > 0;
    });
    if (busy.length === 0) return;
    if (Date.now() > giveUpAt)
      throw new Error(`Still busy after ${ACT_DEADLINE_MS / 1000} s: ${busy.join(', ')}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function report(
  app: INestApplication,
  story: Story,
  statistics: RunStatistics,
  replayed: number,
): Promise<boolean> {
  const outcome = await readOutcome(app, story, loadConversation(), statistics, replayed);
  console.log(
    `\n${renderTable(
      ['queue', 'jobs', 'succeeded', 'retried', 'dead-lettered', 'wait ms', 'run ms'],
      statistics
        .rows(QUEUES)
        .map((row) => [
          row.queue,
          row.jobs,
          row.succeeded,
          row.retried,
          row.deadLettered,
          row.medianWaitMs,
          row.medianRunMs,
        ]),
    )}\n`,
  );
  const different = differences(loadExpectedOutcome(), outcome);
  for (const line of different) console.log(`  ✗ ${line}`);
  console.log(
    different.length === 0
      ? '  ✓ Everything came out as examples/expected.json says.'
      : `  ${different.length} of the expected results differ.`,
  );
  return different.length === 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
