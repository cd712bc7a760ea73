import { IsBoolean, IsInt, Max, Min } from 'class-validator';
import { defineQueue } from '../../../message-queue/index.js';
import { Id, Text } from '../../input/fields.js';

/** Payload of `relay-stream-chunk`. */
export class StreamChunkJobDto {
  /** Who reads the answer. */
  @Id()
  userId!: string;

  @Id()
  conversationId!: string;

  @Id()
  messageId!: string;

  @IsInt()
  @Min(0)
  @Max(1_000_000)
  chunkIndex!: number;

  @Text()
  content!: string;

  @IsBoolean()
  isFinal!: boolean;
}

/** Pieces of an answer while it is being written. */
export const STREAM_CHUNKS_QUEUE = defineQueue({
  name: 'stream_chunks',
  description: 'Pieces of an answer while it is being written.',
  jobs: { 'relay-stream-chunk': StreamChunkJobDto },
  concurrency: 1,
  attempts: 2,
  backoff: { type: 'exponential', delayMs: 200, maxDelayMs: 30_000 },
  timeoutMs: 5_000,
});
