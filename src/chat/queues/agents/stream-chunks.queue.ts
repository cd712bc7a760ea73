import { IsBoolean, IsInt, Max, Min } from 'class-validator';
import { defineQueue, Identifies, KeyScope, Readable } from '../../../message-queue/index.js';
import { Id, Text } from '../../input/fields.js';

/** Payload of `relay-stream-chunk`. */
export class StreamChunkJobDto {
  /** Who reads the answer. */
  @Identifies('subject')
  @Id()
  userId!: string;

  @KeyScope('conversation')
  @Id()
  conversationId!: string;

  @Identifies('message')
  @Id()
  messageId!: string;

  @Readable()
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  chunkIndex!: number;

  @Text()
  content!: string;

  @Readable()
  @IsBoolean()
  isFinal!: boolean;
}

/** Pieces of an answer while it is being written. */
export const STREAM_CHUNKS_QUEUE = defineQueue({
  name: 'stream_chunks',
  description: 'Pieces of an answer while it is being written.',
  jobs: { 'relay-stream-chunk': StreamChunkJobDto },
  // The pieces of one answer in their order, on however many workers; one that is lost holds up none behind it.
  flow: { key: { of: ({ messageId }) => messageId, onDeadLetter: 'skip' } },
  sealed: true,
  concurrency: 5,
  attempts: 2,
  backoff: { type: 'exponential', delayMs: 200, maxDelayMs: 30_000 },
  timeoutMs: 5_000,
});
