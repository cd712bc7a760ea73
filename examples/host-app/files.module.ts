import { Module } from '@nestjs/common';
import { MessageQueueModule } from 'nestjs-message-queue';
import { FileController } from './file.controller.js';
import { FILE_PROCESSING, FileProcessor } from './file-processing.js';

@Module({
  imports: [MessageQueueModule.registerQueue(FILE_PROCESSING)],
  controllers: [FileController],
  providers: [FileProcessor],
})
export class FilesModule {}
