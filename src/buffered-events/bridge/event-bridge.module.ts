import { Module } from '@nestjs/common';
import { MessageQueueModule } from '../../message-queue/index.js';
import { EventJobProcessor } from './event-job.processor.js';
import { EVENT_QUEUE } from './event-queue.js';

/** Registers {@link EVENT_QUEUE} and gives its jobs to the bus. Import it beside `MessageQueueModule` and `BufferedEventsModule`. */
@Module({ imports: [MessageQueueModule.registerQueue(EVENT_QUEUE)], providers: [EventJobProcessor] })
export class EventBridgeModule {}
