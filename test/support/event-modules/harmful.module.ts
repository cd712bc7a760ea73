import { Module } from '@nestjs/common';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, threadId } from 'node:worker_threads';
import { BufferedEventBusService } from '../../../src/buffered-events/buffered-event-bus.service.js';
import { EventListener, OnEvent } from '../../../src/buffered-events/events/event-listener.decorator.js';
import type { EventContext } from '../../../src/buffered-events/events/event-words.js';

/** While this file is there, the module boots in no thread. */
export const BOOTS_NO_MORE = join(tmpdir(), `harmful-module-${process.pid}`);

/** What handlers may do to their thread; each tells of its run by an event that the app itself handles. */
@EventListener()
export class HarmfulHandlers {
  constructor(private readonly bus: BufferedEventBusService) {}

  @OnEvent('harmless')
  async harmless({ payload }: { payload: number }, { id, correlationId }: EventContext): Promise<void> {
    await this.bus.emitEvent('told', { payload, id, correlationId, thread: threadId, isMainThread });
  }

  @OnEvent('fails')
  fails(): never {
    throw Object.assign(new RangeError('out of range', { cause: new Error('deeper') }), { code: 'EFAILS' });
  }

  @OnEvent('exits')
  exits(): void {
    if (!isMainThread) process.exit(7);
  }
}

@Module({ providers: [HarmfulHandlers] })
export class HarmfulModule {
  constructor() {
    if (!isMainThread && existsSync(BOOTS_NO_MORE)) throw new Error('boots no more');
  }
}
