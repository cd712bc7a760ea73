import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { MessageQueueModule } from 'nestjs-message-queue';
import { FILE_PROCESSING, FileProcessor } from './file-processing.js';
import { MessageService } from './message.service.js';

@Module({
  imports: [ConfigModule.forRoot(), MessageQueueModule, MessageQueueModule.registerQueue(FILE_PROCESSING)],
  providers: [MessageService, FileProcessor],
})
export class AppModule {}
