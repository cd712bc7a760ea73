/** The test kit of buffered events: `nestjs-message-queue/buffered-events/testing`. */
export { BufferedEventsTestingModule } from './buffered-events-testing.module.js';
export type { BufferedEventsTestingOptions } from './buffered-events-testing.module.js';
export { BufferedEventsTestKit } from './buffered-events-test-kit.js';
export type { EmittedEvent } from './recorded-events.js';
