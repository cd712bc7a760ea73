import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { BufferedEventBusService } from '../../buffered-event-bus.service.js';
import type { EventBus } from '../../bus/event-bus.js';
import { boundService } from '../../wiring/bound-bus.module.js';

/** Gives every module of handlers the service of the bus that they work for. */
@Module({})
export class HandlersBusModule {
  static for(bus: EventBus): DynamicModule {
    return {
      module: HandlersBusModule,
      global: true,
      providers: [{ provide: BufferedEventBusService, useFactory: () => boundService(bus) }],
      exports: [BufferedEventBusService],
    };
  }
}
