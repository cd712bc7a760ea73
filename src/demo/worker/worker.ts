import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { JobEvents } from '../../message-queue/index.js';
import { demoLogger, demoModule } from '../stage/demo-module.js';
import type { DemoSettings } from '../stage/demo-module.js';
import { lineOf } from '../stage/flaky-transport.js';
import type { LineTroubles } from '../stage/flaky-transport.js';
import { reportJobs } from '../display/job-reports.js';
import { countSent } from '../stage/sent-counts.js';
import { WORKER_VARIABLES } from './worker-messages.js';
import type { WorkerMessage, WorkerQuestion } from './worker-messages.js';

/** The process that runs the jobs of `npm run demo -- --workers apart`: no web server, everything from its environment. */
async function work(): Promise<void> {
  // Ctrl-C reaches every process of the terminal; this one ends when the demo lets go of it.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const app = await NestFactory.createApplicationContext(demoModule(settingsOf(new ConfigService())), {
    logger: demoLogger('demo worker'),
    abortOnError: false,
  });
  app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
  process.once('disconnect', () => endWith(app));
  // The demo may have gone while this process started.
  if (!process.connected) {
    endWith(app);
    return;
  }
  reportJobs(app.get(JobEvents), (report) => tell({ kind: 'job', report }));
  process.on('message', (question: WorkerQuestion) => tell(answerTo(question, app)));
  tell({ kind: 'ready' });
}

function answerTo(question: WorkerQuestion, app: INestApplicationContext): WorkerMessage {
  if (question === 'count-sent') return { kind: 'sent', counts: countSent(app) };
  lineOf(app).mend();
  return { kind: 'mended' };
}

function settingsOf(environment: ConfigService): DemoSettings {
  const { databaseUrl, smtpUrl, troubles } = WORKER_VARIABLES;
  return {
    databaseUrl: environment.getOrThrow<string>(databaseUrl),
    smtpUrl: environment.getOrThrow<string>(smtpUrl),
    troubles: JSON.parse(environment.getOrThrow<string>(troubles)) as LineTroubles,
  };
}

/** What happens after the demo has gone is of no interest to anybody. */
function tell(message: WorkerMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function endWith(app: INestApplicationContext): void {
  app.close().then(() => process.exit(0), fail);
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

work().catch(fail);
