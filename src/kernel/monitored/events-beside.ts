import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { MONITORED_EVENTS } from './monitored-events.js';
import type { MonitoredEvents } from './monitored-events.js';

/** Finds the bus of events of the same app, if it has one. */
@Injectable()
export class EventsBeside {
  private found: MonitoredEvents | null = null;

  constructor(private readonly moduleRef: ModuleRef) {}

  /** Null: the app has none. To be asked once the app is put together. */
  get(): MonitoredEvents | null {
    this.found ??= this.find();
    return this.found;
  }

  private find(): MonitoredEvents | null {
    try {
      // Not there yet while the app is put together, and null in what a bus has booted.
      return (
        this.moduleRef.get<MonitoredEvents | null | undefined>(MONITORED_EVENTS, { strict: false }) ?? null
      );
    } catch {
      return null;
    }
  }
}
