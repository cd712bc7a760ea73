import { Module } from '@nestjs/common';
import { EventListener, OnEvent } from '../../src/buffered-events/index.js';

@EventListener()
export class IdleHandler {
  /** Takes as long as the event says. */
  @OnEvent('pause')
  async pause(event: { readonly ms: number }): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, event.ms));
    process.stdout.write('handled\n');
  }
}

/** What the threads of idle-events-host.ts boot. */
@Module({ providers: [IdleHandler] })
export class IdleEventsModule {}
