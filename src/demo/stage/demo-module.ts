import { ConsoleLogger } from '@nestjs/common';
import type { DynamicModule, LoggerService, Provider } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { APP_VARIABLES } from '../../app-variables.js';
import { AppModule } from '../../app.module.js';
import type { AppOptions } from '../../app.module.js';
import { InMemoryKeyProvider } from '../../message-queue/adapters/in-memory/index.js';
import { SmtpEmailChannel } from '../../message-queue/adapters/smtp/index.js';
import { SocketIoTransport } from '../../message-queue/adapters/socket-io/index.js';
import { MESSAGE_QUEUE_CONFIG } from '../../message-queue/index.js';
import {
  Clock,
  DeviceFeed,
  EmailChannel,
  InAppChannel,
  KeyProvider,
  MessageStore,
  PublicationSeal,
} from '../../message-queue/ports/index.js';
import type { MessageQueueConfig } from '../../message-queue/index.js';
import { hasColors } from '../../welcome.js';
import { DEMO_ALERTS } from './demo-alerts.js';
import { FlakyTransport } from './flaky-transport.js';
import type { LineTroubles } from './flaky-transport.js';
import { RememberingInAppChannel } from './remembering-in-app.channel.js';

/** What all processes of one demo have in common. */
export interface DemoSettings {
  /** `postgres://…` or a SQLite file. */
  readonly databaseUrl: string;
  /** `smtp://host:port`. */
  readonly smtpUrl: string;
  /** Only where jobs run. */
  readonly troubles: LineTroubles;
}

/** The reference app on the demo's database, mail server and line. @param options default: what the environment says */
export function demoModule(
  settings: DemoSettings,
  options: Pick<AppOptions, 'role' | 'conversations'> = {},
): DynamicModule {
  const { databaseUrl, smtpUrl, troubles } = settings;
  return AppModule.register({
    // The people of the story are made up, whoever else may sign in.
    ...{ ...options, databaseUrl, environmentIfUnset: 'development', chatUsers: '' },
    // The story cleans up once, by itself.
    cleanup: { schedules: false },
    operations: { alerts: DEMO_ALERTS, activity: { flushMs: 1_000 } },
    adapters: [
      ...keysUnlessGiven(),
      {
        provide: SocketIoTransport,
        useFactory: (
          { redis, prefix }: MessageQueueConfig,
          seal: PublicationSeal,
          feed: DeviceFeed,
          messages: MessageStore,
          clock: Clock,
        ) => new FlakyTransport({ redis, prefix }, seal, { feed, messages, clock }, troubles),
        inject: [MESSAGE_QUEUE_CONFIG, PublicationSeal, DeviceFeed, MessageStore, Clock],
      },
      {
        provide: InAppChannel,
        useFactory: (transport: SocketIoTransport) => new RememberingInAppChannel(transport),
        inject: [SocketIoTransport],
      },
      {
        provide: EmailChannel,
        useFactory: () => new SmtpEmailChannel({ url: smtpUrl, from: 'chat@example.org' }),
      },
    ],
  });
}

/** The published development key opens what an earlier run of the story left in a database; a secret that is made up would not. */
function keysUnlessGiven(): Provider[] {
  if (new ConfigService().get<string>(APP_VARIABLES.encryptionKeys.variable)?.trim()) return [];
  return [{ provide: KeyProvider, useFactory: () => new InMemoryKeyProvider({ isPublished: true }) }];
}

/** Says only what ends a process: the demo tells the rest itself. */
export function demoLogger(prefix: string): LoggerService {
  return new ConsoleLogger({ logLevels: ['fatal'], colors: hasColors(), prefix });
}
