import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { ChatModule } from './chat/chat.module.js';
import { socketIoAdapters } from './message-queue/adapters/socket-io/index.js';
import { MESSAGE_QUEUE_CONFIG, MessageQueueModule } from './message-queue/index.js';
import type { MessageQueueConfig, MessageQueueModuleOptions } from './message-queue/index.js';

/** Messages go to the users' sockets, over all processes that share the Redis of the queues. */
const SOCKET_IO = socketIoAdapters({
  inject: [MESSAGE_QUEUE_CONFIG],
  useFactory: ({ redis, prefix }: MessageQueueConfig) => ({ redis, prefix }),
});

/** The reference app: where provider and adapters are chosen. Everything not said here comes from the environment. */
@Module({})
export class AppModule {
  /** @param options what the demo and tests set differently; default: the environment alone */
  static register(options: Omit<MessageQueueModuleOptions, 'isGlobal' | 'configKey'> = {}): DynamicModule {
    const { adapters = [] } = options;
    const replaced = adapters.map(tokenOf);
    const kept = SOCKET_IO.filter((adapter) => !replaced.includes(tokenOf(adapter)));
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot({ isGlobal: true }),
        MessageQueueModule.forRoot({ ...options, adapters: [...kept, ...adapters], isGlobal: true }),
        ChatModule,
      ],
    };
  }
}

function tokenOf(provider: Provider): unknown {
  return typeof provider === 'function' ? provider : provider.provide;
}
