import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_VARIABLES } from './app-variables.js';
import { ChatModule } from './chat/chat.module.js';
import { DELIVERY_FLOW } from './chat/messages/delivery-flow.js';
import { OperatorGuard } from './chat/sign-in/operator.guard.js';
import type { ListedConversation } from './chat/messages/listed-conversation.js';
import { EnvironmentKeyProvider } from './message-queue/adapters/environment-keys/index.js';
import { socketIoAdapters } from './message-queue/adapters/socket-io/index.js';
import { sqlStoreAdapters } from './message-queue/adapters/sql/index.js';
import {
  InvalidConfigurationError,
  MESSAGE_QUEUE_CONFIG,
  MessageQueueModule,
  QueueName,
} from './message-queue/index.js';
import { KeyProvider } from './message-queue/ports/index.js';
import type { MessageQueueConfig, MessageQueueModuleOptions } from './message-queue/index.js';

/** What the demo and tests set differently. */
export interface AppOptions extends Omit<MessageQueueModuleOptions, 'isGlobal' | 'configKey'> {
  /**
   * Database of the stores: `postgres://…` or a SQLite file. Default: the variable DATABASE_URL; without it messages are kept in
   * this process's memory, which web servers and workers in processes of their own do not share.
   */
  readonly databaseUrl?: string;
  /** Who may sign in to the chat, and under which names it is reached. Default: the variables CHAT_USERS and CHAT_HOSTS; blank: none. */
  readonly chatUsers?: string;
  readonly chatHosts?: string;
  /** What counts where NODE_ENV is not set. Default: nothing, and the board and a chat without users are closed. */
  readonly environmentIfUnset?: 'development';
  /** What the chat page shows before the conversation of the two neighbours, where people are made up. Default: nothing. */
  readonly conversations?: readonly ListedConversation[];
}

/** Messages go to the users' sockets, over all processes that share the Redis of the queues. */
const SOCKET_IO = socketIoAdapters({
  inject: [MESSAGE_QUEUE_CONFIG],
  useFactory: ({ redis, prefix }: MessageQueueConfig) => ({ redis, prefix }),
});

/** Who operates the queues, where they are not users of the chat. */
const OPERATOR_VARIABLES = ['MESSAGE_QUEUE_OPERATORS', 'MESSAGE_QUEUE_VIEWERS'].flatMap((name) => [
  name,
  `${name}_FILE`,
]);

/** The reference app: where provider and adapters are chosen. Everything not said here comes from the environment. */
@Module({})
export class AppModule {
  /** @param options default: the environment alone */
  static register(options: AppOptions = {}): DynamicModule {
    const configuration = ConfigModule.forRoot({ isGlobal: true });
    // After forRoot: what stands in .env is in the environment now.
    const environment = new ConfigService();
    const {
      databaseUrl: chosen,
      chatUsers,
      chatHosts,
      conversations = [],
      environmentIfUnset,
      ...given
    } = options;
    const databaseUrl = chosen ?? valueOf('databaseUrl', environment);
    const users = (chatUsers ?? valueOf('chatUsers', environment))?.trim() || undefined;
    const hosts = chatHosts ?? valueOf('chatHosts', environment);
    const stores = databaseUrl ? storesAt(databaseUrl) : [];
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
          operations: operationsWith(users, environment, given.operations),
          queues: withDeliveryFlow(given.queues),
          adapters: [...kept, ...adapters],
        }),
        ChatModule.register({ conversations, users, hosts, listensOn: listeningAddress(environment) }),
      ],
    };
  }
}

/** Address that the reference app listens on: HOST, or this machine alone. */
export function listeningAddress(environment: ConfigService): string {
  return valueOf('host', environment)?.trim() || APP_VARIABLES.host.default;
}

function valueOf(name: keyof typeof APP_VARIABLES, environment: ConfigService): string | undefined {
  return environment.get<string>(APP_VARIABLES[name].variable);
}

/**
 * Board, console, REST and metrics. They are for operators named in the variables, else for users with the right `board`; without users they stay as
 * the module has them: for this machine in development, elsewhere for nobody.
 */
function operationsWith(
  users: string | undefined,
  environment: ConfigService,
  given: MessageQueueModuleOptions['operations'],
): MessageQueueModuleOptions['operations'] {
  const isNamed = OPERATOR_VARIABLES.some((variable) => environment.get<string>(variable)?.trim());
  return { ...(users !== undefined && !isNamed && { access: OperatorGuard }), ...given };
}

function withDeliveryFlow(queues: MessageQueueModuleOptions['queues'] = {}): typeof queues {
  const { MESSAGE_DELIVERY } = QueueName;
  return { ...queues, [MESSAGE_DELIVERY]: { flow: DELIVERY_FLOW, ...queues[MESSAGE_DELIVERY] } };
}

/** The stores on one database. A wrong address is called by the variable that whoever starts the app has set. */
function storesAt(url: string): Provider[] {
  return sqlStoreAdapters({ url }).map((provider) => {
    if (!('useFactory' in provider)) return provider;
    const make = provider.useFactory as (...injected: unknown[]) => unknown;
    return { ...provider, useFactory: async (...injected: unknown[]) => named(() => make(...injected)) };
  });
}

async function named(make: () => unknown): Promise<unknown> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof InvalidConfigurationError)) throw error;
    const path = APP_VARIABLES.databaseUrl.variable;
    const issues = error.issues.map(({ message }) => ({ path, message }));
    throw new InvalidConfigurationError('The address of the database is wrong:', issues);
  }
}

/** The key ring of the environment; none without ENCRYPTION_KEYS. */
function keysFrom(environment: ConfigService): Provider[] {
  if (!valueOf('encryptionKeys', environment)?.trim()) return [];
  return [{ provide: KeyProvider, useFactory: () => EnvironmentKeyProvider.from(environment) }];
}

function tokenOf(provider: Provider): unknown {
  return typeof provider === 'function' ? provider : provider.provide;
}
