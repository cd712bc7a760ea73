import { AsyncLocalStorage } from 'node:async_hooks';
import { getEnvironmentData, isMainThread } from 'node:worker_threads';
import { Module } from '@nestjs/common';
import { EventListener, OnEvent } from '../../../src/buffered-events/index.js';
import { CountingThreadsModule } from '../support/counting-threads.module.js';

/** What a host keeps of each request. */
export const REQUESTS = new AsyncLocalStorage<string>();

/** What threads say that do not boot, while the app has set this name. */
export const BROKEN = 'events.broken';

/** What ran in the app's own thread: the requests that it saw. */
export const seenRequests: (string | undefined)[] = [];

@EventListener()
export class HarmfulHandlers {
  constructor() {
    const broken = getEnvironmentData(BROKEN);
    if (!isMainThread && typeof broken === 'string') throw new Error(broken);
  }

  @OnEvent('exit')
  exit(): void {
    process.exit(7);
  }

  @OnEvent('loop')
  loop(): void {
    for (;;);
  }

  @OnEvent('seen')
  seen(): void {
    if (isMainThread) seenRequests.push(REQUESTS.getStore());
  }
}

@Module({ imports: [CountingThreadsModule], providers: [HarmfulHandlers] })
export class HarmfulThreadsModule {}
