import { Inject, Injectable, Module } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, ModulesContainer } from '@nestjs/core';
import type { BufferedEventBusService } from '../buffered-event-bus.service.js';
import { EventBus } from '../bus/event-bus.js';
import { scanEventHandlers } from '../events/handler-scan.js';
import { boundBus } from '../threads/boot/bus-services.js';
import type { BusOfModule } from './app-bus.js';
import { APP_BUS, EVENT_BUS_SERVICE } from './tokens.js';

/**
 * Starts the bus before every other module's `onModuleInit`, so that all of them may emit. Nest starts the farthest module first. What its
 * handlers need in the app's thread may not be ready then: they run once the whole app is.
 */
@Injectable()
class EventBusStart implements OnModuleInit {
  private readonly isBound = boundBus() !== undefined;

  constructor(
    modules: ModulesContainer,
    private readonly discovery: DiscoveryService,
    private readonly bus: EventBus,
    @Inject(EVENT_BUS_SERVICE) private readonly service: BufferedEventBusService,
  ) {
    placeAt(modules, EventBusStartModule, FARTHEST);
  }

  /** @throws EventHandlerRegistrationError, EventThreadStartError with the thread's error */
  async onModuleInit(): Promise<void> {
    // What is booted for a bus is scanned by whoever boots it.
    if (this.isBound) return;
    for (const handler of scanEventHandlers(this.discovery)) {
      this.bus.register(handler.type, handler, handler.place);
    }
    await this.service.initialize();
  }
}

/**
 * Lets handlers run in the app's thread once every other module is up, and stops the bus before any is taken down: in `onModuleDestroy`, where
 * hosts close their databases, so that handlers find them still there. The queues' workers, which may give it jobs, are stopped before it.
 */
@Injectable()
class EventBusRun implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly isBound = boundBus() !== undefined;

  constructor(
    modules: ModulesContainer,
    @Inject(APP_BUS) private readonly made: BusOfModule,
  ) {
    placeAt(modules, EventBusRunModule, NEARER_THAN_ROOT);
  }

  onApplicationBootstrap(): void {
    this.made.appIsReady();
  }

  async onModuleDestroy(): Promise<void> {
    if (!this.isBound) await this.made.service.shutdown();
  }
}

/** Holds {@link EventBusStart} alone, since a module's hooks run together. */
@Module({ imports: [DiscoveryModule], providers: [EventBusStart] })
export class EventBusStartModule {}

/** Holds {@link EventBusRun} alone. */
@Module({ providers: [EventBusRun] })
export class EventBusRunModule {}

function placeAt(modules: ModulesContainer, type: unknown, distance: number): void {
  for (const module of modules.values()) if (module.metatype === type) module.distance = distance;
}

/** The root module's distance is 1, that of a module Nest never reached 0, that of the queues -1. */
const NEARER_THAN_ROOT = -0.5;
const FARTHEST = Number.POSITIVE_INFINITY;
