/** Marks the provider in which a module keeps how it was registered. */
export const REGISTRATION = Symbol.for('nestjs-message-queue:buffered-events-registration');

/** The options as `forRoot` or the factory of `forRootAsync` gave them. */
export const OPTIONS = Symbol.for('nestjs-message-queue:buffered-events-options');

/** What the bus is made of beside its settings. */
export const INSIDE = Symbol.for('nestjs-message-queue:buffered-events-inside');

/** The bus, its service and its judge. */
export const APP_BUS = Symbol.for('nestjs-message-queue:buffered-events-bus');

/** The service as the parts inside get it, which need no import of the host's for it. */
export const EVENT_BUS_SERVICE = Symbol.for('nestjs-message-queue:buffered-events-service');
