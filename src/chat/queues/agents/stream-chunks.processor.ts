import { Processor } from '@nestjs/bull';
import { JobHandler } from '../../../message-queue/index.js';
import type { JobContext } from '../../../message-queue/index.js';
import { UserEventProcessor } from '../user-event.processor.js';
import { STREAM_CHUNKS_QUEUE, StreamChunkJobDto } from './stream-chunks.queue.js';

/** Publishes what `stream_chunks` has processed as `queue_processed_stream_chunk`. */
@Processor(STREAM_CHUNKS_QUEUE.name)
export class StreamChunksProcessor extends UserEventProcessor {
  @JobHandler(STREAM_CHUNKS_QUEUE, 'relay-stream-chunk')
  relayStreamChunk(payload: StreamChunkJobDto, context: JobContext): Promise<void> {
    return this.publish('queue_processed_stream_chunk', payload, context);
  }
}
