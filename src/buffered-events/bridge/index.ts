/** What buffered events leave to queues, and take from them: `nestjs-message-queue/buffered-events/bridge`. */
export { EventBridgeModule } from './event-bridge.module.js';
export { EventJobDto } from './event-job.dto.js';
export { EVENT_QUEUE } from './event-queue.js';
export { LeftoversLostError, leftoversTo } from './leftovers-to.js';
