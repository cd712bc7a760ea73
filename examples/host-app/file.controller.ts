import { Controller, HttpCode, Param, ParseIntPipe, Post, Query } from '@nestjs/common';
import { MessageQueueService } from 'nestjs-message-queue';
import type { JobReceipt } from 'nestjs-message-queue';
import { FILE_PROCESSING } from './file-processing.js';

@Controller('files')
export class FileController {
  constructor(private readonly messageQueue: MessageQueueService) {}

  @Post(':id/resize')
  @HttpCode(202)
  resize(@Param('id') fileId: string, @Query('width', ParseIntPipe) width: number): Promise<JobReceipt> {
    return this.messageQueue.enqueue(FILE_PROCESSING, 'resize', { fileId, width });
  }
}
