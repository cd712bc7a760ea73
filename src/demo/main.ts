import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import {
  BUILT_IN_QUEUES,
  JobEvents,
  MESSAGE_QUEUE_CONFIG,
  MessageQueueService,
} from '../message-queue/index.js';
import type { MessageQueueConfig } from '../message-queue/index.js';
import { printWelcome } from '../welcome.js';
import { loadConversation, loadExpectedOutcome } from './conversation.js';
import { DEMO_HELP, parseDemoOptions } from './demo-options.js';
import { differences, readOutcome } from './outcome.js';
import { ProgressLine } from './progress-line.js';
import { RunStatistics } from './run-statistics.js';
import { buildStage } from './stage.js';
import type { Stage } from './stage.js';
import { Story } from './story.js';
import { renderTable } from './table.js';

const ACT_DEADLINE_MS = 60_000;
const QUEUES = BUILT_IN_QUEUES.map(({ name }) => name);

async function main(): Promise<number> {
  const options = parseDemoOptions(process.argv.slice(2));
  if (options.help) {
    console.log(DEMO_HELP);
    return 0;
  }
  const stage = await buildStage(options.port);
  const asExpected = await tell(stage);
  await stage.clear();
  if (options.exit) {
    await stage.app.close();
    return asExpected ? 0 : 1;
  }
  printWelcome(await stage.app.getUrl());
  return 0;
}

/** Plays the story and prints what happened. @returns whether all is as expected */
async function tell(stage: Stage): Promise<boolean> {
  const { app } = stage;
  const sample = loadConversation();
  const statistics = new RunStatistics(app.get(JobEvents));
  const story = new Story(stage, sample, randomUUID().slice(0, 8));
  const { messages, announcement, trouble } = sample;
  const { provider } = app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG);

  console.log(`
  ${messages.length} messages in six languages, and an announcement to ${announcement.recipients} neighbours.
  Queues: ${provider}. Messages: ${stage.store}. Devices: Socket.IO clients. Mail: an SMTP server on loopback.
  Troubles ahead: ${trouble.flaky.story}; ${trouble.dead.story}.
`);
  await story.prepare();
  await act(app, statistics, 'send, deliver, read', async () => {
    await story.send();
    await until(() => story.hasArrived, 'every message to arrive');
  });
  await act(app, statistics, 'edit, decrypt, clean up', () => story.followUp());
  for (const letter of await story.deadLetters()) console.log(`  dead letter: ${letter}`);
  let replayed = 0;
  await act(app, statistics, 'repair and replay', async () => {
    replayed = await story.repair();
    for (let n = 0; n < replayed; n += 1) statistics.replayed();
  });
  return report(stage, story, statistics, replayed);
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
function idle(queue: MessageQueueService): Promise<void> {
  return until(async () => {
    const { queues } = await queue.getQueueMetrics();
    return QUEUES.every((name) => {
      const counts = queues[name];
      return counts === undefined || counts.waiting + counts.delayed + counts.active === 0;
    });
  }, 'the queues to be empty');
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = Date.now() + ACT_DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`Waited ${ACT_DEADLINE_MS / 1000} s for ${what}, in vain.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function report(
  stage: Stage,
  story: Story,
  statistics: RunStatistics,
  replayed: number,
): Promise<boolean> {
  const outcome = await readOutcome(stage, story, loadConversation(), statistics, replayed);
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
