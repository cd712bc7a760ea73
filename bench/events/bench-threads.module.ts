import { Module } from '@nestjs/common';
import { EventListener, OnEvent } from '../../src/buffered-events/index.js';
import type { BenchEvent } from './bench-event.js';
import { handleBenchEvent } from './bench-handler.js';

@EventListener()
class BenchListener {
  @OnEvent('bench')
  handle({ payload }: { readonly payload: BenchEvent }): Promise<void> {
    return handleBenchEvent(payload);
  }
}

/** What the threads of the bus boot. */
@Module({ providers: [BenchListener] })
export class BenchThreadsModule {}
