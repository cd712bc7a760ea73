import { Processor } from '@nestjs/bull';
import { IsString } from 'class-validator';
import { defineQueue, JobHandler } from '../../src/message-queue/index.js';

/** The payload of the host's job `resize`. */
class ResizeJobDto {
  @IsString() fileId!: string;
}

/** A queue of the host. */
export const FILES = defineQueue({
  name: 'file-processing',
  description: 'Resizes files.',
  jobs: { resize: ResizeJobDto },
  concurrency: 2,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 1_000,
});

/** The handlers of {@link FILES}. */
@Processor(FILES.name)
export class FileProcessor {
  readonly resized: string[] = [];

  @JobHandler('resize')
  async resize({ fileId }: ResizeJobDto): Promise<string> {
    this.resized.push(fileId);
    return fileId;
  }
}
