import { bootstrapEventSystem } from 'nestjs-message-queue/buffered-events';

// Before
const eventSystem = bootstrapEventSystem([]);

export { eventSystem };
