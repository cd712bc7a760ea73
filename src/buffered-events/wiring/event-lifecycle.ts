import { Inject, Injectable, Module } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnModuleInit } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, ModulesContainer } from '@nestjs/core';
import type { BufferedEventBusService } from '../buffered-event-bus.service.js';
import { EventBus } from '../bus/event-bus.js';
import { scanEventHandlers } from '../events/handler-scan.js';
import type { FoundHandler } from '../events/handler-scan.js';
import { boundBus } from '../threads/boot/bus-services.js';
import { EVENT_BUS_SERVICE } from './tokens.js';

/**
 * Starts the bus before every other module's `onModuleInit`, so that all of them may emit. Nest starts the farthest module first. What its
 * handlers need in the app's thread may not be ready then: they run once the whole app is.
 */
@Injectable()
class EventBusStart implements OnModuleInit, OnApplicationBootstrap {
  private readonly isBound = boundBus() !== undefined;
  private begin: () => void = () => undefined;
  private begun: Promise<void> | null = new Promise((resolve) => (this.begin = resolve));

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
      this.bus.register(handler.type, this.onceBegun(handler), handler.place);
    }
    await this.service.initialize();
  }

  onApplicationBootstrap(): void {
    this.begun = null;
    this.begin();
  }

  private onceBegun(handler: FoundHandler): Pick<FoundHandler, 'handle'> {
    return {
      handle: (event, context) =>
        this.begun === null
          ? handler.handle(event, context)
          : this.begun.then(() => handler.handle(event, context)),
    };
  }
}

/** Stops the bus before the shutdown hooks of every other module: handlers in the app's thread find them still there. */
@Injectable()
class EventBusStop implements BeforeApplicationShutdown {
  private readonly isBound = boundBus() !== undefined;

  constructor(
    modules: ModulesContainer,
    @Inject(EVENT_BUS_SERVICE) private readonly service: BufferedEventBusService,
  ) {
    placeAt(modules, EventBusStopModule, NEARER_THAN_ROOT);
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (!this.isBound) await this.service.shutdown();
  }
}

/** Holds {@link EventBusStart} alone, since a module's hooks run together. */
@Module({ imports: [DiscoveryModule], providers: [EventBusStart] })
export class EventBusStartModule {}

/** Holds {@link EventBusStop} alone. */
@Module({ providers: [EventBusStop] })
export class EventBusStopModule {}

function placeAt(modules: ModulesContainer, type: unknown, distance: number): void {
  for (const module of modules.values()) if (module.metatype === type) module.distance = distance;
}

/** The root module's distance is 1, that of a module Nest never reached 0. */
const NEARER_THAN_ROOT = -1;
const FARTHEST = Number.POSITIVE_INFINITY;
