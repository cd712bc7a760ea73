import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_VARIABLES } from './app-variables.js';
import { ChatModule } from './chat/chat.module.js';
import type { ListedConversation } from './chat/messages/listed-conversation.js';
import { EnvironmentKeyProvider } from './message-queue/adapters/environment-keys/index.js';
import { socketIoAdapters } from './message-queue/adapters/socket-io/index.js';
import { sqlStoreAdapters } from './message-queue/adapters/sql/index.js';
import { MESSAGE_QUEUE_CONFIG, MessageQueueModule } from './message-queue/index.js';
import { KeyProvider } from './message-queue/ports/index.js';
import type { MessageQueueConfig, MessageQueueModuleOptions } from './message-queue/index.js';

/** What the demo and tests set differently. */
export interface AppOptions extends Omit<MessageQueueModuleOptions, 'isGlobal' | 'configKey'> {
  /**
   * Database of the stores: `postgres://…` or a SQLite file. Default: the variable DATABASE_URL; without it messages are kept in
   * this process's memory, which web servers and workers in processes of their own do not share.
   */
  readonly databaseUrl?: string;
  /** What counts where NODE_ENV is not set. Default: nothing, and the chat and the board are closed. */
  readonly environmentIfUnset?: 'development';
  /** What the chat page shows before the conversation of the two neighbours. Default: nothing. */
  readonly conversations?: readonly ListedConversation[];
}

/** Messages go to the users' sockets, over all processes that share the Redis of the queues. */
const SOCKET_IO = socketIoAdapters({
  inject: [MESSAGE_QUEUE_CONFIG],
  useFactory: ({ redis, prefix }: MessageQueueConfig) => ({ redis, prefix }),
});

/** The reference app: where provider and adapters are chosen. Everything not said here comes from the environment. */
@Module({})
export class AppModule {
  /** @param options default: the environment alone */
  static register(options: AppOptions = {}): DynamicModule {
    const configuration = ConfigModule.forRoot({ isGlobal: true });
    // After forRoot: what stands in .env is in the environment now.
    const environment = new ConfigService();
    const { databaseUrl: chosen, conversations = [], environmentIfUnset, ...given } = options;
    const databaseUrl = chosen ?? environment.get<string>(APP_VARIABLES.databaseUrl.variable);
    const stores = databaseUrl ? sqlStoreAdapters({ url: databaseUrl }) : [];
    const own = [...SOCKET_IO, ...stores, ...keysFrom(environment)];
    const { adapters = [] } = given;
    const replaced = adapters.map(tokenOf);
    const kept = own.filter((adapter) => !replaced.includes(tokenOf(adapter)));
    return {
      module: AppModule,
      imports: [
        configuration,
        MessageQueueModule.forRoot({
          environment: environment.get<string>('NODE_ENV')?.trim() ? undefined : environmentIfUnset,
          ...given,
          adapters: [...kept, ...adapters],
        }),
        ChatModule.register(conversations),
      ],
    };
  }
}

/** The key ring of the environment; none without ENCRYPTION_KEYS: each process then generates a key, and says so. */
function keysFrom(environment: ConfigService): Provider[] {
  if (!environment.get<string>(APP_VARIABLES.encryptionKeys.variable)?.trim()) return [];
  return [{ provide: KeyProvider, useFactory: () => EnvironmentKeyProvider.from(environment) }];
}

function tokenOf(provider: Provider): unknown {
  return typeof provider === 'function' ? provider : provider.provide;
}
