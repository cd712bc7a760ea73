import { Processor } from '@nestjs/bull';
import { IsInt, IsString, Length, Max, Min } from 'class-validator';
import { defineQueue, JobHandler } from 'nestjs-message-queue';
import type { JobContext } from 'nestjs-message-queue';

export class ResizeJobDto {
  @IsString()
  @Length(1, 128)
  fileId!: string;

  @IsInt()
  @Min(16)
  @Max(4096)
  width!: number;
}

export const FILE_PROCESSING = defineQueue({
  name: 'file-processing',
  description: 'Pictures that are made smaller.',
  jobs: { resize: ResizeJobDto },
  concurrency: 2,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 1_000 },
  timeoutMs: 30_000,
});

@Processor(FILE_PROCESSING.name)
export class FileProcessor {
  @JobHandler(FILE_PROCESSING, 'resize')
  async resize(payload: ResizeJobDto, { signal, progress }: JobContext): Promise<{ fileId: string }> {
    await progress({ percentage: 50, step: 'resizing' });
    signal.throwIfAborted();
    return { fileId: payload.fileId };
  }
}
