import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { BufferedEventBusService } from '../../buffered-event-bus.service.js';
import { EventBus } from '../../bus/event-bus.js';
import { boundService } from './bus-services.js';

/** What modules of handlers may inject of the bus, wherever they are booted. */
@Module({})
export class HandlersBusModule {
  static for(bus: EventBus): DynamicModule {
    return {
      module: HandlersBusModule,
      global: true,
      providers: [
        { provide: EventBus, useValue: bus },
        { provide: BufferedEventBusService, useValue: boundService(bus) },
      ],
      exports: [EventBus, BufferedEventBusService],
    };
  }
}
