import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConsoleLogger } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { SmtpEmailChannel } from '../message-queue/adapters/smtp/index.js';
import { SocketIoTransport } from '../message-queue/adapters/socket-io/index.js';
import { EmailChannel, MESSAGE_QUEUE_CONFIG } from '../message-queue/index.js';
import type { MessageQueueConfig } from '../message-queue/index.js';
import { hasColors } from '../welcome.js';
import { ChatClients } from './chat-clients.js';
import { FlakyTransport } from './flaky-transport.js';
import { MailServer } from './mail-server.js';

/** What the story is played on: the reference app, its users' devices, a mail server and a database. */
export interface Stage {
  readonly app: INestApplication;
  readonly clients: ChatClients;
  readonly mail: MailServer;
  readonly transport: FlakyTransport;
  /** Where messages are kept, in words. */
  readonly store: string;
  /** Sends everybody home. The app is closed apart. */
  clear(): Promise<void>;
}

/** Builds it on real adapters: SQLite (or DATABASE_URL), Socket.IO, SMTP. */
export async function buildStage(port: number): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'mq-demo-'));
  const given = new ConfigService().get<string>('DATABASE_URL');
  const mail = new MailServer();
  const smtp = await mail.start();
  const app = await NestFactory.create(
    AppModule.register({
      databaseUrl: given ?? join(directory, 'demo.sqlite'),
      // The story cleans up once, by itself.
      cleanup: { schedules: false },
      adapters: [
        {
          provide: SocketIoTransport,
          useFactory: ({ redis, prefix }: MessageQueueConfig) => new FlakyTransport({ redis, prefix }),
          inject: [MESSAGE_QUEUE_CONFIG],
        },
        {
          provide: EmailChannel,
          useFactory: () => new SmtpEmailChannel({ url: smtp, from: 'chat@example.org' }),
        },
      ],
    }),
    { logger: new ConsoleLogger({ logLevels: ['fatal'], colors: hasColors(), prefix: 'demo' }) },
  );
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(port);
  const clients = new ChatClients();
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return {
    app,
    clients,
    mail,
    transport: app.get<SocketIoTransport, FlakyTransport>(SocketIoTransport),
    store: given === undefined ? 'a SQLite file' : 'the database of DATABASE_URL',
    clear: async () => {
      clients.close();
      await mail.stop();
    },
  };
}
