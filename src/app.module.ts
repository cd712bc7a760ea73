import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { ChatModule } from './chat/chat.module.js';
import { MessageQueueModule } from './message-queue/index.js';
import type { MessageQueueModuleOptions } from './message-queue/index.js';

/** The reference app: where provider and adapters are chosen. Everything not said here comes from the environment. */
@Module({})
export class AppModule {
  /** @param options what the demo and tests set differently; default: the environment alone */
  static register(options: Pick<MessageQueueModuleOptions, 'adapters'> = {}): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot({ isGlobal: true }),
        MessageQueueModule.forRoot({ ...options, isGlobal: true }),
        ChatModule,
      ],
    };
  }
}
