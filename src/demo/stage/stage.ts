import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { APP_VARIABLES } from '../../app-variables.js';
import { People } from '../../chat/sign-in/people/people.js';
import { Sessions } from '../../chat/sign-in/sessions.js';
import type { ListedConversation } from '../../chat/messages/listed-conversation.js';
import { appHost, appPort } from '../../welcome.js';
import { JobEvents, MESSAGE_QUEUE_CONFIG } from '../../message-queue/index.js';
import type { MessageQueueConfig } from '../../message-queue/index.js';
import { ChatClients } from './chat-clients.js';
import { demoLogger, demoModule } from './demo-module.js';
import type { DemoOptions } from '../demo-options.js';
import { lineOf } from './flaky-transport.js';
import type { LineTroubles } from './flaky-transport.js';
import { reportJobs } from '../display/job-reports.js';
import { MailServer } from './mail-server.js';
import { RunStatistics } from '../display/run-statistics.js';
import { countSent } from './sent-counts.js';
import type { SentCounts } from './sent-counts.js';
import { WorkerProcess } from '../worker/worker-process.js';

/** What the story needs of its stage. */
export interface StagePlan extends Pick<DemoOptions, 'port' | 'workers'> {
  /** Part of every id, so that the story can be told again on the same Redis and database. */
  readonly run: string;
  readonly troubles: LineTroubles;
  /** What the chat page shows of the story. */
  readonly conversations: readonly ListedConversation[];
  /** Called when the worker process is gone, though nobody asked it to go. */
  readonly onWorkerDeath: (error: Error) => void;
}

/** What the story is played on: the reference app, its users' devices, a mail server, a database, and who runs the jobs. */
export interface Stage {
  readonly app: INestApplication;
  readonly clients: ChatClients;
  readonly mail: MailServer;
  readonly statistics: RunStatistics;
  /** Where messages are kept, in words. */
  readonly store: string;
  /** Where jobs run, in words. */
  readonly workers: string;
  /** Asks whoever runs the jobs what left over the channels without a server of their own. */
  countSent(): Promise<SentCounts>;
  /** Repairs the line to the devices, in whichever process that is. */
  mendLine(): Promise<void>;
}

/**
 * Builds it on real adapters: SQLite (or DATABASE_URL), Socket.IO, SMTP.
 * @param closers gets what takes each part down again, to be called last first, also when building failed half-way
 * @throws Error saying what to set when the workers cannot be apart
 */
export async function buildStage(plan: StagePlan, closers: (() => unknown)[]): Promise<Stage> {
  const { port, workers, run, troubles, conversations } = plan;
  const directory = mkdtempSync(join(tmpdir(), 'mq-demo-'));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  const mail = new MailServer();
  const smtpUrl = await mail.start();
  closers.push(() => mail.stop());
  const given = new ConfigService().get<string>(APP_VARIABLES.databaseUrl.variable)?.trim();
  const databaseUrl = given ? given : join(directory, 'demo.sqlite');
  const isApart = workers === 'apart';
  const module = demoModule(
    { databaseUrl, smtpUrl, troubles: isApart ? {} : troubles },
    { role: isApart ? 'producer' : 'both', conversations },
  );
  const app = await NestFactory.create(module, { logger: demoLogger('demo'), abortOnError: false });
  closers.push(() => app.close());
  if (isApart) checkQueuesAreShared(app);
  const statistics = new RunStatistics();
  reportJobs(app.get(JobEvents), (report) => statistics.take(report));
  const worker = isApart
    ? new WorkerProcess(
        { databaseUrl, smtpUrl, troubles },
        { onReport: (report) => statistics.take(report), onDeath: plan.onWorkerDeath },
      )
    : null;
  if (worker !== null) closers.push(() => worker.stop());
  await Promise.all([listen(app, port ?? appPort(app)), worker?.whenReady()]);
  const clients = new ChatClients(
    (userId, url) => cookieOf(app, userId, url),
    (conversationId) => conversationId.endsWith(run),
  );
  closers.push(() => clients.close());
  return {
    ...{ app, clients, mail, statistics },
    store: given ? 'the database of DATABASE_URL' : 'a SQLite file',
    workers: worker === null ? 'this process' : `process ${worker.pid}, without a web server`,
    countSent: async () => (worker === null ? countSent(app) : worker.countSent()),
    mendLine: async () => (worker === null ? lineOf(app).mend() : worker.mendLine()),
  };
}

/** @throws Error for somebody whom the chat does not know */
function cookieOf(app: INestApplication, userId: string, url: string): string {
  const person = app.get(People, { strict: false }).find(userId);
  if (person === undefined) {
    throw new Error(
      `The chat does not know "${userId}": the demo plays with made-up people, which takes NODE_ENV=development.`,
    );
  }
  const [cookie = ''] = app.get(Sessions, { strict: false }).open([person], new URL(url).host).split(';');
  return cookie;
}

function checkQueuesAreShared(app: INestApplication): void {
  if (app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG).provider === 'redis') return;
  throw new Error(
    '--workers apart needs queues that two processes share: set MESSAGE_QUEUE_PROVIDER=redis and REDIS_URL, for example redis://127.0.0.1:6379.',
  );
}

/** @throws Error saying what to do when the port is taken */
async function listen(app: INestApplication, port: number): Promise<void> {
  try {
    await app.listen(port, appHost(app));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new Error(
      `Port ${port} is taken: choose another with --port <n>, or let --port 0 pick a free one.`,
      {
        cause: error,
      },
    );
  }
}
